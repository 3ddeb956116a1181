"""The words that a knowledge base takes for one another: a table to edit, a file to bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.components import markup
from app.components.frame import KNOWN_ERRORS, show_error, texts
from kb.answer.synonyms import groups_as_csv, groups_of_csv, text_of_rows
from kb.knowledge_base import KnowledgeBase

_MOST_SHOWN = 10
_ROW_PIXELS = 35


@dataclass(slots=True)
class Editing:
    """The groups that the table began with, and the file that they came from, if any.

    It lives as long as the dialog: were the table drawn anew after it is saved, what is done next
    would go to the table of before.
    """

    groups: Sequence[Sequence[str]]
    key: str
    file: str = ""


def begin(knowledge_base: KnowledgeBase) -> Editing:
    """Take the groups as they are now, to be changed."""
    stored = knowledge_base.synonyms()
    return Editing(stored, f"synonyms_{knowledge_base.kb_id}_{hash(stored)}")


def synonyms_editor(knowledge_base: KnowledgeBase, editing: Editing) -> None:
    """Draw the groups to be changed; they count from the next question after they are saved."""
    say = texts()
    st.caption(say("synonyms.help"))
    table, save = st.container(), st.container()
    with st.expander(say("synonyms.file"), icon=":material/swap_vert:"):
        download = st.container()
        _take_file(knowledge_base, editing)
    with table:
        edited = _table(editing.groups, key=f"{editing.key}_{editing.file}")
    with save:
        if st.button(say("save"), type="primary", key="save_synonyms"):
            _save(knowledge_base, edited)
    with download:
        _offer_file(knowledge_base.synonyms())


def _save(knowledge_base: KnowledgeBase, rows: list[list[str]]) -> None:
    say = texts()
    try:
        saved = knowledge_base.set_synonyms(text_of_rows(rows))
    except KNOWN_ERRORS as exc:
        show_error(exc)
        return
    st.success(
        say("synonyms.saved", groups=len(saved)) if saved else say("synonyms.saved.none"),
        icon=":material/check:",
    )


def _offer_file(groups: Sequence[Sequence[str]]) -> None:
    say = texts()
    st.download_button(
        say("synonyms.download"),
        groups_as_csv(groups),
        file_name=say("synonyms.file_name"),
        mime="text/csv",
        icon=":material/download:",
        disabled=not groups,
        on_click="ignore",
        key="download_synonyms",
    )


def _take_file(knowledge_base: KnowledgeBase, editing: Editing) -> None:
    """Put the groups of a file that is brought into the table."""
    say = texts()
    uploaded = st.file_uploader(
        say("synonyms.upload"),
        type=["csv"],
        help=say("synonyms.upload.help"),
        key=f"{editing.key}_file",
    )
    if uploaded is None:
        return
    if uploaded.file_id != editing.file:
        try:
            editing.groups = groups_of_csv(uploaded.getvalue())
        except KNOWN_ERRORS as exc:
            show_error(exc)
            st.caption(say("synonyms.upload.failed"))
            return
        editing.file = uploaded.file_id
    stored = knowledge_base.synonyms()
    if [*map(tuple, editing.groups)] != [*stored]:
        st.info(
            say(
                "synonyms.uploaded",
                file=markup.label(uploaded.name, limit=60),
                groups=len(editing.groups),
                before=len(stored),
            ),
            icon=":material/info:",
        )


def _table(groups: Sequence[Sequence[str]], *, key: str) -> list[list[str]]:
    """Draw a row for each group and return the rows as they are now."""
    say = texts()
    separator = say("list.separator")
    rows = [{"word": group[0], "others": separator.join(group[1:])} for group in groups]
    edited = st.data_editor(
        # Without a row there would be no columns either.
        rows or [{"word": "", "others": ""}],
        column_config={
            "word": st.column_config.TextColumn(say("synonyms.word"), width="medium"),
            "others": st.column_config.TextColumn(say("synonyms.others"), width="large"),
        },
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        # The heading, the groups, and the row to write another into; beyond that it scrolls.
        height=_ROW_PIXELS * (min(max(len(groups), 2), _MOST_SHOWN) + 2) + 3,
        key=key,
    )
    return [[str(row["word"] or ""), str(row["others"] or "")] for row in edited]
