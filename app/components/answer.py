"""An answer with its numbered sources, and the page a source stands on."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from app.components import markup
from app.components.frame import language, texts
from app.places import place_text
from app.state import workspace
from kb.answer.chain import FROM_TABLE, QUOTATION
from kb.answer_types import FIXED_REPLY, Answer, Citation


def show_answer(answer: Answer, *, key: str) -> None:
    """Draw a finished answer; ``key`` tells it from every other on the page."""
    say = texts()
    if answer.refused:
        st.warning(say("answer.refused"), icon=":material/search_off:")
    elif not answer.answer:
        st.caption(f":material/stop_circle: {say('answer.stopped')}")
    else:
        st.html(
            markup.answer(answer.answer, answer.sentences, unsupported=say("answer.unsupported"))
        )
    if answer.extractive and answer.answer and not answer.refused:
        st.caption(f":material/format_quote: {say('answer.extractive')}")
    if answer.citations:
        show_sources(answer.citations, title=say(_title_key(answer)), key=key)
    if answer.sql:
        with st.expander(say("answer.sql"), icon=":material/function:", key=f"sql_{key}"):
            st.code(answer.sql, language="sql", wrap_lines=True)
    if answer.model != FIXED_REPLY:
        st.caption(_facts(answer))


def show_sources(citations: tuple[Citation, ...], *, title: str, key: str) -> None:
    """Draw the sources as expanders; what is in one is made when it is opened."""
    with st.container(key=f"sources_{key}", gap="xsmall"):
        st.caption(f"**{title}**")
        for citation in citations:
            _source(citation, key=f"{key}_{citation.number}")


def _source(citation: Citation, *, key: str) -> None:
    hit = citation.hit
    place = place_text(hit.place, language())
    name = f"**{citation.number}**   {markup.label(hit.document, limit=60)}"
    where = f"   :gray[{markup.label(place)}]" if place else ""
    if hit.later is not None:
        where += f"   :orange-badge[{texts()('source.other_version')}]"
    if hit.removed:
        where += f"   :red-badge[{texts()('source.removed')}]"
    with st.expander(name + where, key=f"source_{key}", on_change="rerun") as source:
        if source.open:
            _source_content(citation, key=key)


def _source_content(citation: Citation, *, key: str) -> None:
    say = texts()
    hit = citation.hit
    above = " › ".join(part for part in (hit.kb_name, *hit.heading.split(" > ")) if part)
    st.html(markup.block(above, "zk-heading"))
    st.html(markup.passage(hit.text, hit.passage_text))
    if hit.later is not None:
        later = markup.label(hit.later)
        st.caption(f":material/history: {say('source.later', document=later)}")
    if hit.removed:
        # There is nothing left to open.
        st.caption(f":material/delete: {say('source.removed.long')}")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if hit.place.page is not None and st.button(
            say("source.open_page", page=hit.place.page),
            icon=":material/visibility:",
            key=f"page_{key}",
        ):
            page_dialog(citation)
        if st.button(say("source.open_document"), icon=":material/article:", key=f"text_{key}"):
            st.switch_page(
                "views/knowledge_bases.py",
                query_params={
                    "kb": hit.kb_id,
                    "document": str(hit.document_id),
                    **({} if hit.place.page is None else {"page": str(hit.place.page)}),
                },
            )
        st.link_button(
            say("source.download"),
            original_address(hit.kb_id, hit.document_id),
            icon=":material/download:",
        )
        st.caption(say("source.score", score=hit.score))


def page_dialog(citation: Citation) -> None:
    """Show the page of a source with its place marked."""
    hit = citation.hit
    say = texts()

    @st.dialog(say("source.page_title", page=hit.place.page), width="large")
    def dialog() -> None:
        st.html(markup.block(hit.document, "zk-heading"))
        image = (
            workspace()
            .knowledge_base(hit.kb_id)
            .page_image(hit.document_id, hit.place.page or 1, boxes=hit.place.boxes, scale=2)
        )
        st.image(image, width="stretch", alt=say("source.page_title", page=hit.place.page))

    dialog()


def original_address(kb_id: str, document_id: int) -> str:
    """Return the address that downloads an original."""
    return f"/api/knowledge-bases/{quote(kb_id, safe='')}/documents/{document_id}/original"


def _title_key(answer: Answer) -> str:
    if answer.refused:
        return "answer.nearest"
    return "answer.sources" if answer.answer else "answer.found"


def _facts(answer: Answer) -> str:
    say = texts()
    parts = [say("answer.answerable", answerable=answer.answerable)]
    if answer.standalone_question and answer.standalone_question != answer.question:
        parts.append(say("answer.standalone", question=markup.label(answer.standalone_question)))
    if answer.model == QUOTATION:
        parts.append(say("answer.quotation"))
    elif answer.model == FROM_TABLE:
        parts.append(say("answer.computed" if answer.sql else "answer.cell"))
    elif answer.model and not answer.refused:
        parts.append(markup.label(answer.model))
    parts.append(say("answer.seconds", seconds=answer.milliseconds.total / 1000))
    return " · ".join(parts)
