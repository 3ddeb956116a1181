"""The folders that a knowledge base mirrors: their state, what has happened in them, new ones."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from app.api.folder_models import (
    FolderModel,
    FolderSettingsRequest,
    LinkRequest,
    SyncModel,
    SyncRequest,
    UnlinkRequest,
)
from app.components import markup
from app.components.frame import KNOWN_ERRORS, language, show_error, texts
from app.messages import of_state
from app.mirroring import Mirroring
from app.state import workspace
from kb.knowledge_base import KnowledgeBase

_SHOWN_FILES = 8


def show_folders(knowledge_base: KnowledgeBase) -> None:
    """Draw the folders, kept up to date, and the form that links another one."""
    say = texts()
    st.caption(say("folders.help"))
    _live(knowledge_base.kb_id)
    _link_form(knowledge_base.kb_id)


def _mirroring() -> Mirroring:
    return Mirroring(workspace(), language())


@st.fragment(run_every=5)
def _live(kb_id: str) -> None:
    for folder in _mirroring().folders(kb_id).folders:
        with st.container(border=True, key=f"folder_{folder.id}"):
            _folder(kb_id, folder)


def _folder(kb_id: str, folder: FolderModel) -> None:
    say = texts()
    icon = ":material/folder_shared:" if folder.linked else ":material/move_to_inbox:"
    name = folder.path if folder.linked else say("folders.drop")
    st.markdown(f"{icon} **{markup.label(name, limit=90)}**   {_badge(folder)}")
    st.caption(_facts(folder))
    if not folder.linked:
        st.caption(markup.label(folder.path, limit=160))
    if folder.problem:
        st.warning(folder.problem, icon=":material/link_off:")
    if folder.waiting:
        _ask_removal(kb_id, folder)
    with st.container(horizontal=True):
        label = say("folders.sync") if folder.active else say("folders.begin")
        if st.button(
            label,
            type="secondary" if folder.active else "primary",
            icon=":material/sync:",
            key=f"sync_{folder.id}",
        ):
            _sync(kb_id, folder, SyncRequest(folder=folder.id))
        if st.button(say("folders.look"), icon=":material/difference:", key=f"look_{folder.id}"):
            _sync(kb_id, folder, SyncRequest(folder=folder.id, dry_run=True))
        with st.popover(say("folders.more"), icon=":material/more_horiz:", key=f"more_{folder.id}"):
            _more(kb_id, folder)
    shown = st.session_state.get(f"looked_{folder.id}")
    if isinstance(shown, SyncModel):
        _differences(shown)


def _badge(folder: FolderModel) -> str:
    say = texts()
    if folder.problem:
        return f":red-badge[{say('folders.unreachable')}]"
    if not folder.active:
        return f":gray-badge[{say('folders.new')}]"
    if folder.job is not None:
        return f":blue-badge[{say('folders.working')}]"
    if folder.waiting:
        return f":orange-badge[{say('folders.waiting')}]"
    return f":green-badge[{say('folders.in_step')}]"


def _facts(folder: FolderModel) -> str:
    say = texts()
    parts = [say("folders.files", count=folder.files)]
    if folder.scanned_at is None:
        parts.append(say("folders.never"))
    else:
        at = time.strftime("%m-%d %H:%M:%S", time.localtime(folder.scanned_at))
        parts.append(say("folders.looked", at=at))
    if folder.active:
        parts.append(say("folders.watching" if folder.watching else "folders.scheduled"))
    return " · ".join(parts)


def _ask_removal(kb_id: str, folder: FolderModel) -> None:
    say = texts()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":orange[{say('folders.confirm.question', count=folder.waiting)}]")
        if st.button(say("folders.confirm"), icon=":material/delete:", key=f"confirm_{folder.id}"):
            _sync(kb_id, folder, SyncRequest(folder=folder.id, confirm=True))


def _sync(kb_id: str, folder: FolderModel, request: SyncRequest) -> None:
    try:
        with st.spinner(texts()("folders.listing")):
            (found,) = _mirroring().sync(kb_id, request).folders
    except KNOWN_ERRORS as exc:
        show_error(exc)
        return
    st.session_state[f"looked_{folder.id}"] = found
    if found.job is not None:
        # The progress stands above the tabs.
        st.rerun(scope="app")
    st.rerun(scope="fragment")


def _differences(found: SyncModel) -> None:
    say = texts()
    if found.problem:
        return
    st.markdown(
        say(
            "folders.counts",
            added=found.added,
            changed=found.changed,
            renamed=found.renamed,
            removed=found.removed,
        )
    )
    renamed = [f"{each.before} → {each.now}" for each in found.renamed_files]
    lines = []
    for key, paths in (
        ("added", found.added_files),
        ("changed", found.changed_files),
        ("renamed", renamed),
        ("removed", found.removed_files),
        ("moving", found.moving_files),
        ("unreadable", found.unreadable),
    ):
        shown = [markup.label(path, limit=80) for path in paths[:_SHOWN_FILES]]
        if len(paths) > _SHOWN_FILES:
            shown.append("…")
        if shown:
            lines.append(f"- {say(f'folders.{key}')} " + say("list.separator").join(shown))
    if lines:
        st.markdown("\n".join(lines))
    if found.amiss:
        with st.expander(say("folders.amiss", count=found.amiss), icon=":material/warning:"):
            _table(
                ("path", "state", "reason"),
                [
                    (each.path, of_state(each.state, language()), each.reason or "")
                    for each in found.amiss_files
                ],
                found.amiss,
            )
    if found.excluded:
        with st.expander(say("folders.left_out", count=found.excluded), icon=":material/block:"):
            _table(
                ("path", "reason"),
                [(each.path, each.reason) for each in found.excluded_files],
                found.excluded,
            )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], total: int) -> None:
    say = texts()
    st.html(markup.table([say(f"folders.head.{head}") for head in heads], rows))
    if total > len(rows):
        st.caption(say("folders.first", count=len(rows)))


def _more(kb_id: str, folder: FolderModel) -> None:
    say = texts()
    with st.form(f"ignore_{folder.id}", border=False):
        ignore = st.text_area(
            say("folders.ignore"), folder.ignore, height=110, help=say("folders.ignore.help")
        )
        share = st.number_input(
            say("folders.share"),
            min_value=0,
            max_value=100,
            value=round(folder.removal_share * 100),
            step=5,
            help=say("folders.share.help"),
        )
        if st.form_submit_button(say("save")):
            request = FolderSettingsRequest(
                folder=folder.id, ignore=ignore, removal_share=share / 100
            )
            _mirroring().configure(kb_id, request)
            st.rerun(scope="fragment")
    if folder.linked:
        keep = st.checkbox(say("folders.keep"), key=f"keep_{folder.id}")
        if st.button(say("folders.unlink"), icon=":material/link_off:", key=f"unlink_{folder.id}"):
            _mirroring().unlink(kb_id, UnlinkRequest(folder=str(folder.id), keep=keep))
            st.rerun(scope="app")


def _link_form(kb_id: str) -> None:
    say = texts()
    with (
        st.expander(say("folders.link"), icon=":material/add_link:"),
        st.form(f"link_{kb_id}", border=False, clear_on_submit=False),
    ):
        path = st.text_input(
            say("folders.path"), placeholder=say("folders.path.example"), key=f"path_{kb_id}"
        )
        ignore = st.text_area(say("folders.ignore"), height=80, help=say("folders.ignore.help"))
        submitted = st.form_submit_button(say("folders.link.submit"), type="primary")
    if not submitted:
        return
    if not path.strip():
        st.warning(say("folders.path.missing"))
        return
    try:
        (found,) = _mirroring().link(kb_id, LinkRequest(path=path.strip(), ignore=ignore)).folders
    except KNOWN_ERRORS as exc:
        show_error(exc)
        return
    newest = _mirroring().folders(kb_id).folders
    for folder in newest:
        if folder.path == found.path:
            st.session_state[f"looked_{folder.id}"] = found
    st.rerun()
