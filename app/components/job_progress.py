"""Running jobs of a knowledge base with live progress, and what the last one left undone."""

from __future__ import annotations

import streamlit as st

from app.components import markup
from app.components.document_health import password_dialog
from app.components.frame import language, texts
from app.messages import of_kind, of_reason, of_stage, of_state
from app.state import workspace
from kb.types import JobItem, JobRecord

_SHOWN_FILES = 8
_IN_WORK = ("processing",)
_BAD = ("failed", "partial", "unsupported")
_COLORS = {"failed": "red", "partial": "orange", "unsupported": "gray", "processing": "blue"}


def show_running(kb_id: str) -> bool:
    """Draw the running jobs and keep them up to date; return whether there are any."""
    active = workspace().queue.page(kb_id=kb_id, active_only=True)
    if active:
        _live(kb_id, frozenset(job.job_id for job in active))
    return bool(active)


def show_jobs(kb_id: str) -> None:
    """Draw the running jobs and keep them up to date; else what the last job could not do."""
    if show_running(kb_id):
        return
    latest = workspace().queue.page(kb_id=kb_id, limit=1)
    dismissed = st.session_state.setdefault("dismissed_jobs", set())
    if latest and latest[0].job_id not in dismissed:
        _remains(latest[0])


@st.fragment(run_every=1)
def _live(kb_id: str, known: frozenset[str]) -> None:
    active = workspace().queue.page(kb_id=kb_id, active_only=True)
    if {job.job_id for job in active} != known:
        # A job has ended or begun: the table and the counts above are out of date.
        st.rerun()
    for job in active:
        with st.container(border=True, key=f"job_{job.job_id}"):
            _running(job)


def _running(job: JobRecord) -> None:
    say = texts()
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.markdown(f"**{of_kind(job.kind, language())}** · {of_state(job.state, language())}")
        if job.cancel_requested:
            st.caption(say("job.cancelling"))
        elif st.button(say("job.cancel"), icon=":material/stop:", key=f"cancel_{job.job_id}"):
            workspace().queue.cancel(job.job_id)
    parts = [say("job.progress", done=job.done, total=job.total)]
    if job.stage:
        parts.append(of_stage(job.stage, language()))
    if job.eta is not None:
        parts.append(say("job.eta", eta=_duration(job.eta)))
    st.progress(share, text=" · ".join(parts))
    counts = [
        say("job.count", state=of_state(state, language()), count=count)
        for state, count in job.counts.items()
        if count
    ]
    if counts:
        st.caption(" · ".join(counts))
    for item in workspace().queue.items(job.job_id, limit=_SHOWN_FILES, states=_IN_WORK):
        _file(item)
    for item in workspace().queue.items(job.job_id, limit=_SHOWN_FILES, states=_BAD):
        _file(item)


def _remains(job: JobRecord) -> None:
    """Say what the last job could not do, with a way to try again."""
    say = texts()
    bad = workspace().queue.items(job.job_id, limit=_SHOWN_FILES, states=_BAD)
    if not bad and job.state == "done":
        return
    count = sum(job.counts.get(state, 0) for state in _BAD)
    with st.container(border=True, key=f"remains_{job.job_id}"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.markdown(f":orange[:material/warning:] **{say('job.remains', count=count)}**")
            with st.container(horizontal=True, width="content"):
                if job.counts.get("failed") and st.button(
                    say("job.retry"), icon=":material/refresh:", key=f"retry_{job.job_id}"
                ):
                    workspace().queue.retry(job.job_id)
                    st.rerun()
                if st.button(
                    say("job.dismiss"),
                    icon=":material/close:",
                    type="tertiary",
                    key=f"dismiss_{job.job_id}",
                ):
                    st.session_state["dismissed_jobs"].add(job.job_id)
                    st.rerun()
        sentence = of_reason(job.reason, language())
        if sentence:
            st.caption(markup.label(sentence, limit=400))
        for item in bad:
            with st.container(horizontal=True, vertical_alignment="center"):
                _file(item)
                _unlock(job, item)
        if count > len(bad):
            st.caption(say("job.more", count=count - len(bad)))


def _unlock(job: JobRecord, item: JobItem) -> None:
    """Offer to enter the password of a file that was closed; it may have been opened since."""
    if item.document_id is None or item.reason is None or item.reason.code != "encrypted_file":
        return
    if st.button(
        texts()("document.password"),
        icon=":material/key:",
        type="tertiary",
        key=f"unlock_{item.document_id}",
    ):
        knowledge_base = workspace().knowledge_base(job.kb_id)
        password_dialog(knowledge_base, knowledge_base.document(item.document_id))


def _file(item: JobItem) -> None:
    color = _COLORS.get(item.state, "gray")
    stage = of_stage(item.stage, language()) if item.state == "processing" else ""
    state = stage or of_state(item.state, language())
    sentence = of_reason(item.reason, language()) or ""
    st.markdown(
        f":{color}-badge[{markup.label(state)}] {markup.label(item.document)} "
        f":gray[{markup.label(sentence, limit=300)}]"
        if sentence
        else f":{color}-badge[{markup.label(state)}] {markup.label(item.document)}"
    )


def _duration(seconds: float) -> str:
    say = texts()
    if seconds < 90:
        return say("duration.seconds", count=max(1, round(seconds)))
    if seconds < 5400:
        return say("duration.minutes", count=round(seconds / 60))
    return say("duration.hours", count=round(seconds / 3600, 1))
