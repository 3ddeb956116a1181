"""The words that a knowledge base takes for one another: a table to edit, a file to bring."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.components import markup
from app.components.frame import KNOWN_ERRORS, show_error, texts
from kb.answer.synonyms import groups_as_csv, groups_of_csv, text_of_rows
from kb.knowledge_base import KnowledgeBase

_COLUMNS = ("word", "others")
_MOST_SHOWN = 10
_ROW_PIXELS = 35


def synonyms_editor(knowledge_base: KnowledgeBase) -> None:
    """Draw the groups to be changed; they count from the next question after they are saved."""
    say = texts()
    stored = knowledge_base.synonyms()
    st.caption(say("synonyms.help"))
    # What was saved draws both anew: the file has done its work, the changes are in the table.
    key = f"synonyms_{knowledge_base.kb_id}_{hash(stored)}"
    table = st.container()
    with st.expander(say("synonyms.file"), icon=":material/swap_vert:"):
        shown = _of_file(stored, key=key)
    with table:
        edited = _table(stored if shown is None else shown[1], key=f"{key}_{shown and shown[0]}")
    if not st.button(say("save"), type="primary", key="save_synonyms"):
        return
    try:
        saved = knowledge_base.set_synonyms(text_of_rows(edited))
    except KNOWN_ERRORS as exc:
        show_error(exc)
        return
    st.success(
        say("synonyms.saved", groups=len(saved)) if saved else say("synonyms.saved.none"),
        icon=":material/check:",
    )


def _of_file(
    stored: Sequence[Sequence[str]], *, key: str
) -> tuple[str, Sequence[Sequence[str]]] | None:
    """Offer the groups as a file, and take those of another: its id and groups, or None."""
    say = texts()
    st.download_button(
        say("synonyms.download"),
        groups_as_csv(stored),
        file_name=say("synonyms.file_name"),
        mime="text/csv",
        icon=":material/download:",
        disabled=not stored,
        on_click="ignore",
        key="download_synonyms",
    )
    uploaded = st.file_uploader(
        say("synonyms.upload"), type=["csv"], help=say("synonyms.upload.help"), key=f"{key}_file"
    )
    if uploaded is None:
        return None
    try:
        groups = groups_of_csv(uploaded.getvalue())
    except KNOWN_ERRORS as exc:
        show_error(exc)
        st.caption(say("synonyms.upload.failed"))
        return None
    st.info(
        say(
            "synonyms.uploaded",
            file=markup.label(uploaded.name, limit=60),
            groups=len(groups),
            before=len(stored),
        ),
        icon=":material/info:",
    )
    return uploaded.file_id, groups


def _table(groups: Sequence[Sequence[str]], *, key: str) -> list[list[str]]:
    """Draw a row for each group and return the rows as they are now."""
    say = texts()
    separator = say("list.separator")
    rows = [{"word": group[0], "others": separator.join(group[1:])} for group in groups]
    edited = st.data_editor(
        # Without a row there would be no columns either.
        rows or [{"word": "", "others": ""}],
        column_config={
            name: st.column_config.TextColumn(say(f"synonyms.{name}"), width=width)
            for name, width in zip(_COLUMNS, ("medium", "large"), strict=True)
        },
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        # The heading, the groups, and the row to write another into; beyond that it scrolls.
        height=_ROW_PIXELS * (min(max(len(groups), 2), _MOST_SHOWN) + 2) + 3,
        key=key,
    )
    return [[str(row[name] or "") for name in _COLUMNS] for row in edited]
