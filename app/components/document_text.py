"""One document: its text page by page, the page as it looks, its passages."""

from __future__ import annotations

import streamlit as st

from app.components import document_health, document_versions, job_progress, markup
from app.components.answer import original_address
from app.components.frame import KNOWN_ERRORS, language, show_error, texts, when
from app.messages import of_state
from app.output import size_text
from app.places import place_text
from kb.errors import NotFoundError
from kb.knowledge_base import KnowledgeBase
from kb.types import DocumentRecord, PagePlace, PageText

_PASSAGES = 50
_TEXT_LIMIT = 50_000


def show_document(knowledge_base: KnowledgeBase, document_id: int) -> None:
    """Draw a document, or go back to the table when it is gone."""
    say = texts()
    try:
        document = knowledge_base.document(document_id)
    except NotFoundError:
        _leave()
        st.rerun()
    st.button(
        say("document.back", name=markup.label(knowledge_base.record.name, limit=30)),
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_leave,
    )
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.html(markup.block(document.document, "zk-title"))
        st.link_button(
            say("source.download"),
            original_address(document.kb_id, document.document_id),
            icon=":material/download:",
        )
    st.caption(_facts(document))
    job_progress.show_running(document.kb_id)
    earlier = document_versions.choose(knowledge_base, document)
    if earlier is not None:
        document_versions.show_version(knowledge_base, earlier, document)
        return
    document_health.show_verdict(knowledge_base, document)
    text_tab, passages_tab, health_tab = st.tabs(
        [
            say("document.text"),
            say("document.passages", count=document.passages),
            say("health.pages"),
        ],
        key="document_tabs",
        on_change="rerun",
    )
    if text_tab.open:
        with text_tab:
            _text(knowledge_base, document)
    if passages_tab.open:
        with passages_tab:
            _passages(knowledge_base, document)
    if health_tab.open:
        with health_tab:
            document_health.show_pages(knowledge_base, document)


def _text(knowledge_base: KnowledgeBase, document: DocumentRecord) -> None:
    say = texts()
    places = knowledge_base.page_places(document.document_id)
    if not places:
        st.caption(say("document.no_text"))
        return
    number = 1
    if len(places) > 1:
        number = st.pagination(
            len(places), default=_wanted(places), key=f"text_page_{document.document_id}"
        )
    try:
        page = knowledge_base.page_text(document.document_id, places[number - 1].position)
    except NotFoundError:
        # It was removed in this moment.
        st.caption(say("document.no_text"))
        return
    if page.sheet is not None:
        st.caption(markup.label(say("place.sheet", sheet=page.sheet)))
    if page.page is None:
        _page_text(page)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _page_text(page)
    with right:
        try:
            image = knowledge_base.page_image(document.document_id, page.page)
        except NotFoundError:
            st.caption(say("document.no_image"))
        except KNOWN_ERRORS as exc:
            show_error(exc)
        else:
            title = say("source.page_title", page=page.page)
            with st.container(border=True):
                st.image(image, width="stretch", alt=title)


def _wanted(places: list[PagePlace]) -> int:
    """Return the number of the part where the page that the address names begins, else the first.

    A long page has several parts.
    """
    wanted = st.query_params.get("page", "")
    numbers = [str(place.page) for place in places]
    return numbers.index(wanted) + 1 if wanted in numbers else 1


def _page_text(page: PageText) -> None:
    shown = page.text[:_TEXT_LIMIT]
    st.html(markup.block(shown, "zk-text"))
    if len(shown) < len(page.text):
        st.caption(texts()("document.cut", shown=_TEXT_LIMIT, total=len(page.text)))


def _passages(knowledge_base: KnowledgeBase, document: DocumentRecord) -> None:
    say = texts()
    if not document.passages:
        st.caption(say("document.no_passages"))
        return
    page = 1
    slot = st.container()
    pages = -(-document.passages // _PASSAGES)
    if pages > 1:
        page = st.pagination(pages, key=f"passage_page_{document.document_id}")
    stored = knowledge_base.passages(
        document.document_id, offset=(page - 1) * _PASSAGES, limit=_PASSAGES
    )
    with slot:
        for number, each in enumerate(stored, start=(page - 1) * _PASSAGES + 1):
            passage = each.passage
            place = place_text(passage.place, language())
            above = " · ".join(part for part in (f"#{number}", place, passage.heading) if part)
            st.html(markup.block(above, "zk-heading") + markup.block(passage.text, "zk-passage"))


def _facts(document: DocumentRecord) -> str:
    say = texts()
    parts = [of_state(document.state, language()), size_text(document.size)]
    if document.format:
        parts.append(markup.label(document.format))
    if document.encoding:
        parts.append(markup.label(document.encoding))
    if document.pages is not None:
        parts.append(say("document.pages", count=document.pages))
    parts.append(say("document.counts", lines=document.lines, passages=document.passages))
    parts.append(say("kb.updated", when=when(document.updated_at)))
    return " · ".join(parts)


def _leave() -> None:
    st.query_params.pop("document", None)
    st.query_params.pop("page", None)
