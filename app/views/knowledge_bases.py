"""The page of the knowledge bases: all as cards, one with its documents, a document's text."""

import streamlit as st

from app.components import (
    cards,
    document_table,
    document_text,
    document_versions,
    frame,
    health_report,
    job_progress,
    markup,
    mirrored_folders,
)
from app.components.drop_zone import drop_zone
from app.components.knowledge_base_actions import actions, create_dialog
from app.state import workspace
from kb.errors import NotFoundError
from kb.knowledge_base import KnowledgeBase


def page() -> None:
    """Draw what the address names."""
    wanted = st.query_params.get("kb")
    document_id = st.query_params.get("document", "")
    if wanted is None:
        cards.show_cards()
        if st.query_params.pop("new", None):
            create_dialog()
        return
    try:
        knowledge_base = workspace().knowledge_base(wanted)
    except NotFoundError:
        st.query_params.clear()
        st.rerun()
    if document_id.isdigit():
        document_text.show_document(knowledge_base, int(document_id))
    else:
        _one(knowledge_base)


def _one(knowledge_base: KnowledgeBase) -> None:
    say = frame.texts()
    record = knowledge_base.record
    st.button(
        say("kb.all"), icon=":material/arrow_back:", type="tertiary", on_click=st.query_params.clear
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(markup.label(record.name), anchor=False, width="stretch")
        actions(knowledge_base)
    if record.description:
        st.text(record.description)
    st.caption(cards.facts(record))
    finished = drop_zone(record.kb_id, key=f"drop_{record.kb_id}")
    if finished is not None:
        st.toast(say("drop.received", count=finished.uploaded), icon=":material/check:")
    job_progress.show_jobs(record.kb_id)
    any_files = bool(sum(record.states.values()))
    files, health, folders = st.tabs(
        [say("health.files"), say("health.title"), say("folders.title")],
        key="knowledge_base_tabs",
        on_change="rerun",
    )
    if files.open:
        with files:
            if any_files:
                document_table.show_documents(knowledge_base)
            else:
                document_table.show_none()
            document_versions.show_gone(knowledge_base)
    if folders.open:
        with folders:
            mirrored_folders.show_folders(knowledge_base)
    if health.open:
        with health:
            health_report.show_report(knowledge_base)


page()
