"""The page of the exams: begin one, watch it, read what it found, compare two."""

import streamlit as st

from app.components import exam_compare, exam_list, exam_new, exam_run, frame
from app.state import exams, workspace
from kb.errors import NotFoundError


def page() -> None:
    """Draw what the address names."""
    wanted, compared = st.query_params.get("run"), st.query_params.get("compare")
    if wanted:
        try:
            record = exams().get(wanted)
        except NotFoundError:
            st.query_params.clear()
            st.rerun()
        exam_run.show_run(record)
        return
    records = exams().runs()
    if compared and len(records) > 1:
        exam_compare.show_comparison(records, compared.split(","))
        return
    _overview()


def _overview() -> None:
    say = frame.texts()
    st.title(say("nav.exam"), anchor=False)
    st.caption(say("exam.intro"))
    answering = [each for each in workspace().knowledge_bases() if each.passage_count]
    if answering:
        with st.container(border=True):
            st.subheader(say("exam.new"), anchor=False)
            exam_new.new_exam(answering)
    else:
        exam_new.show_empty()
    records = exams().runs()
    if records:
        st.subheader(say("exam.runs"), anchor=False)
        exam_list.show_list(records)
    elif answering:
        frame.empty_state("fact_check", say("exam.none.title"), say("exam.none.body"))


page()
