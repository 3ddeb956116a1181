"""The exams of this installation, the newest first, with live progress."""

from __future__ import annotations

import streamlit as st

from app.components import markup
from app.components.frame import language, texts, when
from app.messages import of_code
from app.state import exams
from kb.exam.run import ACTIVE, RunRecord

_COLOURS = {"queued": "gray", "running": "blue", "done": "green", "failed": "red"}
_HEADLINES = ("right", "recall@5", "wrongly_refused", "refusal_recall")


def show_list(records: list[RunRecord]) -> None:
    """Draw every run with what it found, and the way to compare two."""
    say = texts()
    if len(records) > 1 and st.button(
        say("exam.compare"), icon=":material/compare_arrows:", key="exam_compare"
    ):
        st.query_params["compare"] = f"{records[1].run_id},{records[0].run_id}"
        st.rerun()
    for record in records:
        with st.container(border=True, key=f"exam_{record.run_id}"):
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                st.markdown(f"**{markup.label(record.name, limit=60)}**")
                state_badge(record)
            st.caption(facts(record))
            if record.state in ACTIVE:
                show_progress(record.run_id)
            elif record.done:
                _headline(record)
            st.button(
                say("exam.open"),
                icon=":material/open_in_new:",
                key=f"open_{record.run_id}",
                on_click=_open,
                args=(record.run_id,),
            )


def state_badge(record: RunRecord) -> None:
    """Draw the state of a run."""
    colour = _COLOURS.get(record.state, "orange")
    st.badge(texts()(f"exam.state.{record.state}"), color=colour)  # type: ignore[arg-type]


def facts(record: RunRecord) -> str:
    """Say in one line what was asked of what, when and by which model."""
    say = texts()
    parts = [
        when(record.created_at),
        say("exam.questions", count=record.total),
        say("list.separator").join(markup.label(base.name, limit=30) for base in record.bases),
        say("exam.only_retrieval")
        if record.settings.retrieval_only
        else markup.label(record.chat_model or say("exam.no_model"), limit=40),
    ]
    return " · ".join(part for part in parts if part)


def problem_text(record: RunRecord) -> str:
    """Say why questions failed; "" where none did."""
    if not record.problem:
        return ""
    detail = f"（{record.detail}）" if language() == "zh" else f" ({record.detail})"
    return of_code(record.problem, language()) + (detail if record.detail else "")


@st.fragment(run_every=1)
def show_progress(run_id: str) -> None:
    """Draw how far a run is and keep it up to date; at its end the page runs again."""
    say = texts()
    record = exams().get(run_id)
    if record.state not in ACTIVE:
        st.rerun()
    share = min(1.0, record.done / record.total) if record.total else 0.0
    progress = [say("exam.progress", done=record.done, total=record.total)]
    if record.failed:
        progress.append(say("exam.failed", count=record.failed))
    if record.seconds and record.done and record.state == "running":
        left = (record.total - record.done) * record.seconds / (record.done + record.failed)
        progress.append(say("exam.eta", minutes=max(1, round(left / 60))))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, text=" · ".join(progress), width="stretch")
        if st.button(say("job.cancel"), icon=":material/stop:", key=f"cancel_{run_id}"):
            exams().cancel(run_id)


def _headline(record: RunRecord) -> None:
    say = texts()
    said = [
        f"{say(f'exam.figure.{name}')} **{record.figures[name]:.0%}**"
        for name in _HEADLINES
        if name in record.figures
    ]
    st.markdown(" · ".join(said) if said else f":gray[{say('exam.no_figures')}]")


def _open(run_id: str) -> None:
    st.query_params["run"] = run_id
