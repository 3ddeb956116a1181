"""The form that begins an exam: questions from a file or from feedback, and what to ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import streamlit as st

from app.components import markup
from app.components.frame import KNOWN_ERRORS, show_error, texts
from app.examining import bases_now
from app.state import exams, workspace
from kb.exam.collect import collect
from kb.exam.questions import ExamQuestion, NoQuestionsError, parse_questions, split_answers
from kb.exam.run import RunSettings
from kb.types import KnowledgeBaseRecord

_SUFFIXES = ["jsonl", "csv", "tsv", "xlsx", "xlsm", "xls", "xlsb", "ods"]
_EXAMPLE = "\ufeff问题,答案,文件\n每年有几天带薪年假？,五天,年假.md\n谁设计了食堂？,拒答,\n"


def new_exam(records: Sequence[KnowledgeBaseRecord]) -> None:
    """Draw the form; starting leads to the new run."""
    say = texts()
    source = st.segmented_control(
        say("exam.source"),
        ["file", "feedback"],
        default="file",
        required=True,
        format_func=lambda each: say(f"exam.source.{each}"),
        key="exam_source",
    )
    try:
        questions, name = _from_feedback() if source == "feedback" else _from_file()
    except KNOWN_ERRORS as exc:
        show_error(exc)
        questions, name = [], ""
    if questions:
        known = sum(bool(each.answers or each.must_include or each.refuse) for each in questions)
        st.caption(f":material/check: {say('exam.read', count=len(questions), known=known)}")
    names = {record.kb_id: record.name for record in records}
    chosen = st.multiselect(
        say("exam.bases"),
        list(names),
        default=list(names) if len(names) == 1 else [],
        format_func=lambda kb_id: names[kb_id],
        placeholder=say("exam.bases.placeholder"),
        key="exam_bases",
    )
    retrieval_only = st.toggle(
        say("exam.retrieval_only"), help=say("exam.retrieval_only.help"), key="exam_retrieval_only"
    )
    settings = _settings(tuple(chosen), retrieval_only=retrieval_only)
    if st.button(
        say("exam.start"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=not questions or not chosen,
        key="exam_start",
    ):
        run = exams().start(
            name,
            questions,
            settings=settings,
            bases=bases_now(workspace(), settings.knowledge_bases),
            chat_model="" if retrieval_only else workspace().engines.chat().name,
        )
        st.query_params["run"] = run.run_id
        st.rerun()


def _settings(kb_ids: tuple[str, ...], *, retrieval_only: bool) -> RunSettings:
    say = texts()
    with st.expander(say("exam.more"), icon=":material/tune:"):
        top_k = st.number_input(
            say("kb.top_k"),
            min_value=1,
            max_value=50,
            value=None,
            placeholder=say("exam.as_set"),
            key="exam_top_k",
        )
        threshold = st.number_input(
            say("kb.threshold"),
            min_value=0.0,
            max_value=1.0,
            value=None,
            step=0.05,
            placeholder=say("exam.as_set"),
            key="exam_threshold",
        )
    return RunSettings(kb_ids, retrieval_only=retrieval_only, top_k=top_k, threshold=threshold)


def _from_file() -> tuple[list[ExamQuestion], str]:
    say = texts()
    # The button's own words are English in every language.
    st.html(f"<style>:root {{--zk-upload: '{say('exam.upload.button')}'}}</style>")
    uploaded = st.file_uploader(
        say("exam.upload"),
        type=_SUFFIXES,
        help=say("exam.upload.help"),
        key="exam_upload",
    )
    if uploaded is None:
        st.download_button(
            say("exam.example"),
            _EXAMPLE,
            file_name=say("exam.example.file"),
            mime="text/csv",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
        return [], ""
    questions = parse_questions(uploaded.name, uploaded.getvalue())
    if not questions:
        raise NoQuestionsError(f"no question in {uploaded.name}", path=uploaded.name)
    return questions, PurePath(uploaded.name).stem


def _from_feedback() -> tuple[list[ExamQuestion], str]:
    say = texts()
    collected = collect(workspace().feedback.page())
    if not collected:
        st.info(say("exam.feedback.none"), icon=":material/thumb_up:")
        return [], ""
    st.caption(say("exam.feedback.help"))
    edited = st.data_editor(
        [
            {
                "praise": say(f"exam.feedback.{praise}"),
                "question": question.text,
                "answer": "\n".join(question.answers),
                "refuse": question.refuse,
                "use": True,
            }
            for question, praise in collected
        ],
        column_config={
            "praise": st.column_config.TextColumn(say("exam.feedback.praise"), width="small"),
            "question": st.column_config.TextColumn(say("exam.question"), width="medium"),
            "answer": st.column_config.TextColumn(say("exam.gold"), width="medium"),
            "refuse": st.column_config.CheckboxColumn(say("exam.feedback.refuse"), width="small"),
            "use": st.column_config.CheckboxColumn(say("exam.feedback.use"), width="small"),
        },
        disabled=["praise"],
        hide_index=True,
        key="exam_feedback",
    )
    questions = [
        ExamQuestion(
            id=question.id,
            text=str(row["question"]).strip(),
            answers=() if row["refuse"] else split_answers(str(row["answer"] or "")),
            document="" if row["refuse"] else question.document,
            refuse=bool(row["refuse"]),
        )
        for (question, _praise), row in zip(collected, edited, strict=True)
        if row["use"] and str(row["question"] or "").strip()
    ]
    return questions, say("exam.source.feedback")


def show_empty() -> None:
    """Say that there is nothing to ask yet."""
    say = texts()
    st.info(markup.label(say("exam.no_bases"), limit=200), icon=":material/library_books:")
