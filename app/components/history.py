"""The conversations of the catalog in the sidebar; the open one is named in the address."""

from __future__ import annotations

import streamlit as st

from app.components import markup
from app.components.frame import texts
from app.state import workspace
from kb.answer_types import ConversationRecord
from kb.errors import NotFoundError

PARAM = "conversation"
ASK_PAGE = "views/ask.py"
AVATARS = {"user": ":material/person:", "assistant": ":material/menu_book:"}
_SHOWN = 30


def current_conversation() -> ConversationRecord | None:
    """Return the conversation that the address names; None for a new one or one that is gone."""
    # A conversation begun by an answer that was stopped has not reached the address yet.
    begun = st.session_state.pop("begun_conversation", None)
    if begun is not None:
        st.query_params[PARAM] = begun
    wanted = st.query_params.get(PARAM)
    if not wanted:
        return None
    try:
        return workspace().conversations.get(wanted)
    except NotFoundError:
        del st.query_params[PARAM]
        return None


def sidebar() -> None:
    """Draw the list of conversations and the way to a new one."""
    say = texts()
    current = st.query_params.get(PARAM)
    with st.sidebar:
        if st.button(
            say("history.new"),
            icon=":material/add_comment:",
            width="stretch",
            key="new_conversation",
        ):
            st.switch_page(ASK_PAGE)
        records = workspace().conversations.page(limit=_SHOWN)
        if not records:
            st.caption(say("history.none"))
            return
        st.caption(say("history.title"))
        with st.container(gap="xxsmall", key="history"):
            for record in records:
                _entry(record, is_current=record.conversation_id == current)


def _entry(record: ConversationRecord, *, is_current: bool) -> None:
    say = texts()
    with st.container(horizontal=True, wrap=False, gap="xxsmall", vertical_alignment="center"):
        if st.button(
            markup.label(record.title or say("history.untitled"), limit=40),
            key=f"conversation_{record.conversation_id}",
            type="secondary" if is_current else "tertiary",
            width="stretch",
            wrap=False,
        ):
            st.switch_page(ASK_PAGE, query_params={PARAM: record.conversation_id})
        if is_current:
            with st.popover(
                ":material/more_horiz:", help=say("history.more"), type="tertiary", key="more"
            ):
                _change(record)


def _change(record: ConversationRecord) -> None:
    say = texts()
    with st.form("rename_conversation", border=False):
        title = st.text_input(say("history.rename"), value=record.title, max_chars=100)
        if st.form_submit_button(say("save")) and title.strip():
            workspace().conversations.rename(record.conversation_id, title)
            st.rerun()
    if st.button(say("history.delete"), icon=":material/delete:", key="delete_conversation"):
        workspace().conversations.delete(record.conversation_id)
        st.switch_page(ASK_PAGE)
