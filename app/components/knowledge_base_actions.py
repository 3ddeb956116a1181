"""What can be done with a whole knowledge base: make, change, re-index, delete."""

from __future__ import annotations

import streamlit as st

from app.components import markup
from app.components.frame import KNOWN_ERRORS, show_error, texts
from app.components.synonyms import begin, synonyms_editor
from app.state import workspace
from kb.knowledge_base import KnowledgeBase
from kb.types import KnowledgeBaseRecord


def create_dialog() -> None:
    """Ask for the name of a new knowledge base and make it."""
    say = texts()

    @st.dialog(say("kb.create"))
    def dialog() -> None:
        with st.form("create_knowledge_base", border=False):
            name = st.text_input(
                say("kb.name"), max_chars=100, placeholder=say("kb.name.example"), key="new_name"
            )
            description = st.text_area(
                say("kb.description"), max_chars=500, key="new_description", height=90
            )
            submitted = st.form_submit_button(say("kb.create.submit"), type="primary")
        if not submitted:
            return
        if not name.strip():
            st.warning(say("kb.name.missing"))
            return
        try:
            record = workspace().create(name.strip(), description=description.strip())
        except KNOWN_ERRORS as exc:
            show_error(exc)
            return
        st.query_params["kb"] = record.kb_id
        st.rerun()

    dialog()


def actions(knowledge_base: KnowledgeBase) -> None:
    """Draw the buttons of a knowledge base."""
    say = texts()
    record = knowledge_base.record
    with st.container(horizontal=True, width="content", wrap=False):
        if st.button(say("kb.settings"), icon=":material/tune:", key="settings"):
            settings_dialog(knowledge_base)
        if st.button(say("kb.reindex"), icon=":material/refresh:", key="reindex"):
            reindex_dialog(knowledge_base)
        if st.button(say("kb.delete"), icon=":material/delete:", key="delete"):
            delete_dialog(record)


def settings_dialog(knowledge_base: KnowledgeBase) -> None:
    """Change name, description, settings and synonyms of a knowledge base."""
    say = texts()
    editing = begin(knowledge_base)

    @st.dialog(say("kb.settings"), width="medium")
    def dialog() -> None:
        general, synonyms = st.tabs([say("kb.settings.general"), say("synonyms.title")])
        with general:
            _general(knowledge_base.record)
        with synonyms:
            synonyms_editor(knowledge_base, editing)

    dialog()


def _general(record: KnowledgeBaseRecord) -> None:
    say = texts()
    prompts = workspace().prompts()
    with st.form("settings", border=False):
        name = st.text_input(say("kb.name"), value=record.name, max_chars=100)
        description = st.text_area(
            say("kb.description"), value=record.description, max_chars=500, height=90
        )
        top_k = st.number_input(
            say("kb.top_k"), 1, 20, value=record.top_k, help=say("kb.top_k.help")
        )
        threshold = st.slider(
            say("kb.threshold"),
            0.0,
            1.0,
            value=record.threshold,
            step=0.05,
            help=say("kb.threshold.help"),
        )
        prompt = st.selectbox(
            say("kb.prompt"),
            prompts,
            index=prompts.index(record.prompt) if record.prompt in prompts else 0,
        )
        st.caption(say("kb.embedder", embedder=markup.label(record.embedder)))
        submitted = st.form_submit_button(say("save"), type="primary")
    if not submitted:
        return
    try:
        workspace().configure(
            record.kb_id,
            description=description.strip(),
            top_k=int(top_k),
            threshold=float(threshold),
            prompt=prompt,
        )
        if name.strip() and name.strip() != record.name:
            workspace().rename(record.kb_id, name.strip())
    except KNOWN_ERRORS as exc:
        show_error(exc)
        return
    st.rerun()


def reindex_dialog(knowledge_base: KnowledgeBase) -> None:
    """Ask before everything is read again."""
    say = texts()
    record = knowledge_base.record

    @st.dialog(say("kb.reindex"))
    def dialog() -> None:
        st.write(say("kb.reindex.question", documents=record.document_count))
        if st.button(say("kb.reindex.confirm"), type="primary", key="confirm_reindex"):
            knowledge_base.reindex()
            st.rerun()

    dialog()


def delete_dialog(record: KnowledgeBaseRecord) -> None:
    """Ask for the name before a knowledge base moves to the bin."""
    say = texts()

    @st.dialog(say("kb.delete"))
    def dialog() -> None:
        st.write(say("kb.delete.question", documents=record.document_count))
        typed = st.text_input(say("kb.delete.type_name", name=markup.label(record.name)))
        if st.button(
            say("kb.delete.confirm"),
            type="primary",
            key="confirm_delete",
            disabled=typed.strip() != record.name,
        ):
            workspace().delete(record.kb_id)
            st.query_params.clear()
            st.rerun()

    dialog()
