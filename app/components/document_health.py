"""How well a document was read: verdict, page by page, and what can be done about it."""

from __future__ import annotations

import streamlit as st

from app.components import markup
from app.components.frame import language, texts
from app.health_table import percent, remarks
from app.messages import of_health
from kb.knowledge_base import KnowledgeBase
from kb.types import DocumentRecord, Health, PageHealth
from loaders.formats import format_named, suffix_of
from loaders.needs import can_ocr

COLORS: dict[Health | None, str] = {"green": "green", "amber": "orange", "red": "red", None: "gray"}
ICONS: dict[Health | None, str] = {
    "green": ":material/check_circle:",
    "amber": ":material/warning:",
    "red": ":material/error:",
    None: ":material/hourglass_empty:",
}
# For cells of a table, which show no icons: a colour alone says nothing to some readers.
_MARKS: dict[Health | None, str] = {"green": "✓", "amber": "▲", "red": "✕", None: "…"}
# Formats whose pages, or the pictures in them, the OCR reads.
_PICTURES = (
    *("pdf", "image", "docx", "doc", "rtf", "odt", "wordml", "pptx", "ppt", "odp"),
    *("xlsx", "xlsm", "xlsb", "html", "mhtml", "epub", "eml", "msg"),
)
_PAGES_HEIGHT = 420


def cell(health: Health | None) -> str:
    """Return what a table's cell says."""
    return f"{_MARKS[health]} {of_health(health, language())}"


def badge(health: Health | None, label: str | None = None) -> str:
    """Return the colour as a badge with an icon and a word."""
    word = markup.label(of_health(health, language()) if label is None else label)
    return f":{COLORS[health]}-badge[{ICONS[health]} {word}]"


def is_locked(document: DocumentRecord) -> bool:
    """Tell whether a password would open the document."""
    return document.reason is not None and document.reason.code == "encrypted_file"


def has_pictures(document: DocumentRecord) -> bool:
    """Tell whether reading by OCR again can change anything: pages or pictures in the document."""
    suffixes = {suffix for name in _PICTURES for suffix in format_named(name).suffixes}
    return document.format in _PICTURES or (
        document.format is None and suffix_of(document.document) in suffixes
    )


def show_verdict(knowledge_base: KnowledgeBase, document: DocumentRecord) -> None:
    """Say how well the document was read and offer what may help."""
    say = texts()
    sentence = markup.label(remarks(document, language()), limit=600)
    if document.health == "red":
        st.error(sentence or of_health("red", language()), icon=ICONS["red"])
    elif document.health == "amber":
        st.warning(sentence or of_health("amber", language()), icon=ICONS["amber"])
    else:
        key = "health.this_unread" if document.health is None else "health.this_good"
        st.markdown(f"{badge(document.health)} :gray[{say(key)}]")
    with st.container(horizontal=True):
        if is_locked(document) and st.button(
            say("document.password"), icon=":material/key:", type="primary", key="password"
        ):
            password_dialog(knowledge_base, document)
        if has_pictures(document):
            ocr_button(knowledge_base, [document], label=say("document.again_ocr"))


def ocr_button(
    knowledge_base: KnowledgeBase, documents: list[DocumentRecord], *, label: str
) -> None:
    """Draw the button that has the pages' pictures read again."""
    say = texts()
    here = can_ocr()
    if st.button(
        label,
        icon=":material/document_scanner:",
        key="again_ocr",
        disabled=not here,
        help=say("document.again_ocr.help" if here else "document.again_ocr.missing"),
    ):
        knowledge_base.reindex([each.document for each in documents], force_ocr=True)
        st.toast(say("document.again_ocr.queued"), icon=":material/document_scanner:")
        st.rerun()


def password_dialog(knowledge_base: KnowledgeBase, document: DocumentRecord) -> None:
    """Ask for the password of an encrypted document and read it again."""
    say = texts()

    @st.dialog(say("document.password"))
    def dialog() -> None:
        with st.form("password_form", border=False):
            password = st.text_input(
                say("document.password.field", document=markup.label(document.document, limit=60)),
                type="password",
                max_chars=255,
                autocomplete="off",
            )
            st.caption(say("document.password.help"))
            submitted = st.form_submit_button(say("document.password.submit"), type="primary")
        if not submitted:
            return
        if not password:
            st.warning(say("document.password.missing"))
            return
        knowledge_base.reindex([document.document], password=password)
        st.rerun()

    dialog()


def show_pages(knowledge_base: KnowledgeBase, document: DocumentRecord) -> None:
    """Draw the table of the document's pages, or of its sheets."""
    say = texts()
    pages = knowledge_base.page_health([document.document_id])[document.document_id]
    if not pages:
        st.caption(say("health.no_pages"))
        return
    _figures(document)
    place = "sheet" if any(page.sheet is not None for page in pages) else "page"
    paged = place == "sheet" or any(page.page is not None for page in pages)
    by_ocr = any(page.confidence is not None for page in pages)
    st.dataframe(
        [_row(page, place if paged else None, by_ocr=by_ocr) for page in pages],
        hide_index=True,
        height="auto" if len(pages) < 10 else _PAGES_HEIGHT,
        alt=say("health.pages"),
        column_config={
            "page": st.column_config.NumberColumn(say("head.page"), width=64),
            "sheet": st.column_config.TextColumn(say("head.sheet"), width=180),
            "source": st.column_config.TextColumn(say("head.source"), width=140),
            "characters": st.column_config.NumberColumn(say("head.characters"), width=84),
            "readable": st.column_config.TextColumn(say("head.readable"), width=84),
            "confidence": st.column_config.TextColumn(say("head.confidence"), width=96),
            "tables": st.column_config.NumberColumn(say("head.tables"), width=64),
        },
    )


def _figures(document: DocumentRecord) -> None:
    say = texts()
    figures = [
        ("head.pages", None if document.pages is None else str(document.pages)),
        ("head.ocr_pages", str(document.ocr_pages) if document.ocr_pages else None),
        ("head.empty_pages", str(document.empty_pages) if document.empty_pages else None),
        ("head.confidence", percent(document.confidence)),
        ("head.readable", percent(document.readable)),
        ("head.tables", str(document.tables)),
        ("head.encoding", document.encoding),
    ]
    shown = [(say(key), value) for key, value in figures if value]
    st.markdown(" · ".join(f"{name} **{markup.label(value)}**" for name, value in shown))


def _row(page: PageHealth, place: str | None, *, by_ocr: bool) -> dict[str, object]:
    row: dict[str, object] = {}
    if place == "sheet":
        row["sheet"] = page.sheet
    elif place == "page":
        row["page"] = page.page
    row |= {
        "source": texts()(f"page_source.{page.source}"),
        "characters": page.characters,
        "readable": percent(page.readable) if page.characters else "",
    }
    if by_ocr:
        row["confidence"] = percent(page.confidence)
    row["tables"] = page.tables
    return row
