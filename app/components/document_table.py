"""The documents of a knowledge base as a table with filter, states and reasons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast, get_args

import streamlit as st

from app.components.frame import empty_state, language, texts
from app.messages import of_reason, of_state
from app.output import size_text
from kb.knowledge_base import KnowledgeBase
from kb.types import DocumentRecord, DocumentState

_PAGE = 100
_STATES: tuple[DocumentState, ...] = get_args(DocumentState)
_COLORS = {
    "queued": "gray",
    "processing": "blue",
    "ready": "green",
    "partial": "orange",
    "failed": "red",
    "unsupported": "gray",
    "excluded": "gray",
}


def show_documents(knowledge_base: KnowledgeBase) -> None:
    """Draw the table, a page at a time, with what can be done to the chosen rows."""
    say = texts()
    record = knowledge_base.record
    if not record.document_count and not any(record.states.values()):
        empty_state("draft", say("documents.none.title"), say("documents.none.body"))
        return
    contains, states = _filter(record.kb_id)
    total = knowledge_base.document_count(states=states, contains=contains)
    pages = max(1, -(-total // _PAGE))
    page = 1
    slot = st.container()
    if pages > 1:
        page = st.pagination(pages, key=f"page_{record.kb_id}_{contains}_{states}")
    documents = knowledge_base.documents(
        offset=(page - 1) * _PAGE, limit=_PAGE, states=states, contains=contains
    )
    with slot:
        st.caption(say("documents.total", total=total))
        if documents:
            _table(knowledge_base, documents)
        else:
            st.caption(say("documents.no_match"))


def _filter(kb_id: str) -> tuple[str, tuple[DocumentState, ...] | None]:
    say = texts()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        contains = st.text_input(
            say("documents.filter"),
            key=f"contains_{kb_id}",
            placeholder=say("documents.filter"),
            label_visibility="collapsed",
            width=260,
        )
        chosen = st.multiselect(
            say("documents.states"),
            _STATES,
            format_func=lambda state: of_state(state, language()),
            key=f"states_{kb_id}",
            placeholder=say("documents.states"),
            label_visibility="collapsed",
            width=260,
        )
    return contains.strip(), tuple(chosen) or None


def _table(knowledge_base: KnowledgeBase, documents: list[DocumentRecord]) -> None:
    say = texts()
    names = [of_state(state, language()) for state in _STATES]
    event = st.dataframe(
        [_row(document) for document in documents],
        key=f"documents_{knowledge_base.record.kb_id}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        row_height=38,
        alt=say("documents.alt"),
        column_config={
            "document": st.column_config.TextColumn(say("head.document"), width=340),
            "state": st.column_config.MultiselectColumn(
                say("head.state"),
                options=names,
                color=[_COLORS[state] for state in _STATES],
                width=84,
            ),
            "reason": st.column_config.TextColumn(say("head.reason"), width=220),
            "pages": st.column_config.TextColumn(say("head.pages"), width=60),
            "passages": st.column_config.NumberColumn(say("head.passages"), width=64),
            "size": st.column_config.TextColumn(say("head.size"), width=84),
            "updated": st.column_config.DatetimeColumn(
                say("head.updated"), format="YYYY-MM-DD", width=110
            ),
        },
    )
    rows = cast(Any, event).selection.rows
    _actions(knowledge_base, [documents[row] for row in rows if row < len(documents)])


def _row(document: DocumentRecord) -> dict[str, object]:
    return {
        "document": document.document,
        "state": [of_state(document.state, language())],
        "reason": of_reason(document.reason, language()) or "",
        "pages": "" if document.pages is None else str(document.pages),
        "passages": document.passages,
        "size": size_text(document.size),
        "updated": datetime.fromtimestamp(document.updated_at, tz=UTC).astimezone(),
    }


def _actions(knowledge_base: KnowledgeBase, chosen: list[DocumentRecord]) -> None:
    say = texts()
    with st.container(horizontal=True, vertical_alignment="center"):
        if not chosen:
            st.caption(say("documents.choose"))
            return
        if st.button(
            say("documents.open"),
            icon=":material/article:",
            key="open_document",
            disabled=len(chosen) != 1,
        ):
            st.query_params["document"] = str(chosen[0].document_id)
            st.rerun()
        if st.button(say("documents.again"), icon=":material/refresh:", key="again"):
            knowledge_base.reindex([document.document for document in chosen])
            st.rerun()
        if st.button(say("documents.remove"), icon=":material/delete:", key="remove"):
            _remove_dialog(knowledge_base, chosen)
        st.caption(say("documents.chosen", count=len(chosen)))


def _remove_dialog(knowledge_base: KnowledgeBase, chosen: list[DocumentRecord]) -> None:
    say = texts()

    @st.dialog(say("documents.remove"))
    def dialog() -> None:
        st.write(say("documents.remove.question", count=len(chosen)))
        st.text("\n".join(document.document for document in chosen[:10]))
        if st.button(say("documents.remove.confirm"), type="primary", key="confirm_remove"):
            for document in chosen:
                knowledge_base.remove(document.document_id)
            st.rerun()

    dialog()
