"""What a document was before it changed, and what deleted files said."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice
from urllib.parse import quote

import streamlit as st

from app.components import markup
from app.components.frame import texts, when
from kb.errors import NotFoundError
from kb.knowledge_base import KnowledgeBase
from kb.types import DocumentRecord, DocumentVersion, PagePart

_TEXT_LIMIT = 50_000
# More would keep the page waiting: what two texts have in common takes the longer the more differs.
_COMPARED_LINES = 4_000
_SHOWN_CHANGES = 400


def choose(knowledge_base: KnowledgeBase, document: DocumentRecord) -> DocumentVersion | None:
    """Let a person choose between the document of now, which is None, and what it was."""
    say = texts()
    earlier = knowledge_base.versions(document.document_id)
    if not earlier:
        return None
    numbers = [0, *(each.version for each in earlier)]
    by_number = {each.version: each for each in earlier}

    def named(number: int) -> str:
        if not number:
            return say("version.current", since=when(earlier[0].until))
        each = by_number[number]
        return say("version.named", number=number, since=when(each.since), until=when(each.until))

    chosen = st.selectbox(
        say("version.title"),
        numbers,
        format_func=named,
        key=f"version_{document.document_id}",
        width=420,
    )
    return by_number.get(chosen)


def show_version(
    knowledge_base: KnowledgeBase, version: DocumentVersion, now: DocumentRecord | None
) -> None:
    """Draw an earlier version, marked as such; ``now`` is what it can be compared with."""
    say = texts()
    key = f"{version.document_id}_{version.version}"
    ended = f"version.note.{version.ended}"
    st.warning(say(ended, until=when(version.until)), icon=":material/history:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if version.original is not None:
            st.link_button(
                say("version.download"),
                _address(knowledge_base.kb_id, version),
                icon=":material/download:",
            )
        compared = now is not None and st.toggle(say("version.compare"), key=f"compare_{key}")
    try:
        parts = list(knowledge_base.version_pages(version))
        if compared and now is not None:
            _difference(parts, list(knowledge_base.pages(now.document_id)))
        else:
            _text(parts)
    except NotFoundError:
        # It was kept for long enough and deleted in this moment.
        st.caption(say("document.no_text"))


def show_gone(knowledge_base: KnowledgeBase) -> None:
    """Offer what deleted files said, as long as it is kept; nothing where none were deleted."""
    say = texts()
    gone = knowledge_base.gone()
    if not gone:
        return
    with st.expander(say("version.gone", count=len(gone)), icon=":material/history:"):
        st.caption(say("version.gone.body"))
        names = {f"{each.document} · {when(each.until)}": each for each in gone}
        chosen = st.selectbox(
            say("version.gone.choose"),
            list(names),
            index=None,
            key=f"gone_{knowledge_base.kb_id}",
            placeholder=say("version.gone.placeholder"),
        )
        if chosen is not None:
            show_version(knowledge_base, names[chosen], None)


def _text(parts: Sequence[PagePart]) -> None:
    say = texts()
    said = "\n\n".join(part.text for part in parts)
    if not said:
        st.caption(say("document.no_text"))
        return
    st.html(markup.block(said[:_TEXT_LIMIT], "zk-text"))
    if len(said) > _TEXT_LIMIT:
        st.caption(say("document.cut", shown=_TEXT_LIMIT, total=len(said)))


def _difference(before: Iterable[PagePart], now: Iterable[PagePart]) -> None:
    say = texts()
    old, new = (
        [line for part in parts for line in part.text.splitlines() if line.strip()]
        for parts in (before, now)
    )
    if max(len(old), len(new)) > _COMPARED_LINES:
        st.caption(say("version.too_long", limit=_COMPARED_LINES))
        old, new = old[:_COMPARED_LINES], new[:_COMPARED_LINES]
    changes = difflib.unified_diff(old, new, n=1, lineterm="")
    shown = list(islice(changes, 2, 2 + _SHOWN_CHANGES))
    if not shown:
        st.caption(say("version.same"))
        return
    st.caption(say("version.legend"))
    st.html(markup.changes(shown))
    if len(shown) == _SHOWN_CHANGES:
        st.caption(say("version.more", shown=_SHOWN_CHANGES))


def _address(kb_id: str, version: DocumentVersion) -> str:
    return (
        f"/api/knowledge-bases/{quote(kb_id, safe='')}/document/versions/{version.version}/original"
        f"?document={quote(version.document, safe='')}"
    )
