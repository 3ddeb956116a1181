"""The knowledge bases as cards."""

from __future__ import annotations

import streamlit as st

from app.components import markup
from app.components.frame import empty_state, first_steps, texts, when
from app.components.knowledge_base_actions import create_dialog
from app.output import size_text
from app.state import workspace
from kb.types import KnowledgeBaseRecord

_CARD_WIDTH = 260
_BADGES = (("processing", "blue"), ("queued", "gray"), ("partial", "orange"), ("failed", "red"))


def show_cards() -> None:
    """Draw every knowledge base as a card, or say how to begin."""
    say = texts()
    records = workspace().knowledge_bases()
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.title(say("nav.knowledge_bases"), anchor=False, width="stretch")
        if records and st.button(say("kb.create"), type="primary", icon=":material/add:"):
            create_dialog()
    if not records:
        empty_state("library_add", say("kb.none.title"), say("kb.none.body"))
        with st.container(horizontal_alignment="center"):
            if st.button(say("kb.create_first"), type="primary", icon=":material/add:"):
                create_dialog()
        first_steps()
        return
    grid = st.grid(3, min_column_width=_CARD_WIDTH)
    for record in records:
        with grid.cell():
            _card(record)


def facts(record: KnowledgeBaseRecord) -> str:
    """Say how much is in a knowledge base."""
    return texts()(
        "kb.facts",
        documents=record.document_count,
        passages=record.passage_count,
        size=size_text(record.size),
    )


def _card(record: KnowledgeBaseRecord) -> None:
    say = texts()
    with st.container(border=True, height="stretch", key=f"card_{record.kb_id}"):
        st.html(markup.block(record.name, "zk-title"))
        st.html(markup.block(record.description or say("kb.no_description"), "zk-muted"))
        st.caption(facts(record))
        with st.container(horizontal=True, gap="xsmall"):
            for state, color in _BADGES:
                count = record.states.get(state, 0)  # type: ignore[call-overload]
                if count:
                    st.badge(say("kb.badge", state=say(f"state.{state}"), count=count), color=color)  # type: ignore[arg-type]
        st.caption(say("kb.updated", when=when(record.updated_at)))
        st.space("stretch")
        with st.container(horizontal=True):
            st.button(
                say("kb.open"),
                key=f"open_{record.kb_id}",
                icon=":material/folder_open:",
                on_click=_open,
                args=(record.kb_id,),
            )


def _open(kb_id: str) -> None:
    st.query_params["kb"] = kb_id
