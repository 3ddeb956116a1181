"""The documents of a knowledge base as a table with filter, states and reasons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast, get_args

import streamlit as st

from app.components import document_health
from app.components.frame import empty_state, language, texts
from app.health_table import remarks
from app.messages import of_health, of_state
from app.output import size_text
from kb.knowledge_base import KnowledgeBase
from kb.types import DocumentFilter, DocumentOrder, DocumentRecord, DocumentState, Health

_PAGE = 100
_STATES: tuple[DocumentState, ...] = get_args(DocumentState)
_HEALTHS: tuple[Health, ...] = get_args(Health)
_ORDERS: tuple[DocumentOrder, ...] = get_args(DocumentOrder)
_COLORS = {
    "queued": "gray",
    "processing": "blue",
    "ready": "green",
    "partial": "orange",
    "failed": "red",
    "unsupported": "gray",
    "excluded": "gray",
}


def show_none() -> None:
    """Say how an empty knowledge base is filled."""
    say = texts()
    empty_state("draft", say("documents.none.title"), say("documents.none.body"))


def show_documents(knowledge_base: KnowledgeBase) -> None:
    """Draw the table, a page at a time, with what can be done to the chosen rows."""
    say = texts()
    kb_id = knowledge_base.kb_id
    wanted, order, descending = _filter(knowledge_base)
    total = knowledge_base.document_count(wanted)
    pages = max(1, -(-total // _PAGE))
    page = 1
    slot = st.container()
    if pages > 1:
        page = st.pagination(pages, key=f"page_{kb_id}_{wanted}_{order}_{descending}")
    documents = knowledge_base.documents(
        wanted,
        offset=(page - 1) * _PAGE,
        limit=_PAGE,
        order=order,
        descending=descending,
    )
    with slot:
        st.caption(say("documents.total", total=total))
        if documents:
            _table(knowledge_base, documents)
        else:
            st.caption(say("documents.no_match"))


def _filter(knowledge_base: KnowledgeBase) -> tuple[DocumentFilter, DocumentOrder, bool]:
    """Ask which documents are wanted, sorted by what, and whether the other way round."""
    say = texts()
    kb_id = knowledge_base.kb_id
    counts = knowledge_base.health_counts()
    with st.container(horizontal=True, vertical_alignment="center"):
        contains = st.text_input(
            say("documents.filter"),
            key=f"contains_{kb_id}",
            placeholder=say("documents.filter"),
            label_visibility="collapsed",
            width=200,
        )
        chosen = st.multiselect(
            say("documents.states"),
            _STATES,
            format_func=lambda state: of_state(state, language()),
            key=f"states_{kb_id}",
            placeholder=say("documents.states"),
            label_visibility="collapsed",
            width=200,
        )
        colours = st.pills(
            say("health.filter"),
            _HEALTHS,
            selection_mode="multi",
            format_func=lambda health: _filter_label(health, counts.get(health, 0)),
            key=f"health_{kb_id}",
            label_visibility="collapsed",
        )
        # A click on a heading sorts the rows of the page that is shown; this sorts all of them.
        order = st.selectbox(
            say("documents.sort"),
            _ORDERS,
            format_func=lambda each: say(f"head.{each}"),
            key=f"order_{kb_id}",
            label_visibility="collapsed",
            width=130,
        )
        descending = st.toggle(say("documents.descending"), key=f"descending_{kb_id}")
    wanted = DocumentFilter(tuple(chosen) or None, tuple(colours) or None, contains.strip())
    return wanted, order, descending


def _filter_label(health: Health, count: int) -> str:
    color, icon = document_health.COLORS[health], document_health.ICONS[health]
    return f":{color}[{icon}] {of_health(health, language())} {count}"


def _table(knowledge_base: KnowledgeBase, documents: list[DocumentRecord]) -> None:
    say = texts()
    healths: tuple[Health | None, ...] = (*_HEALTHS, None)
    event = st.dataframe(
        [_row(document) for document in documents],
        key=f"documents_{knowledge_base.kb_id}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        row_height=38,
        alt=say("documents.alt"),
        column_config={
            "document": st.column_config.TextColumn(say("head.document"), width=230),
            "health": _tag_column(
                say("head.health"),
                {document_health.cell(each): document_health.COLORS[each] for each in healths},
            ),
            "reason": st.column_config.TextColumn(say("head.reason"), width=330),
            "state": _tag_column(
                say("head.state"),
                {of_state(state, language()): _COLORS[state] for state in _STATES},
            ),
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


def _tag_column(heading: str, colors: dict[str, str]) -> Any:
    """Return a column of coloured words; a cell is a list of one of them."""
    return st.column_config.MultiselectColumn(
        heading, options=list(colors), color=list(colors.values()), width=96
    )


def _row(document: DocumentRecord) -> dict[str, object]:
    return {
        "document": document.document,
        "health": [document_health.cell(document.health)],
        "reason": remarks(document, language()),
        "state": [of_state(document.state, language())],
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
        pictures = [document for document in chosen if document_health.has_pictures(document)]
        if pictures:
            document_health.ocr_button(knowledge_base, pictures, label=say("documents.again_ocr"))
        locked = len(chosen) == 1 and document_health.is_locked(chosen[0])
        if locked and st.button(say("document.password"), icon=":material/key:", key="password"):
            document_health.password_dialog(knowledge_base, chosen[0])
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
