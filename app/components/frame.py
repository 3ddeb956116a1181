"""What every page has: its look, the language, the sidebar, errors as sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

import streamlit as st

from app.components import markup
from app.messages import of_error
from app.output import time_text
from app.state import workspace
from app.strings import LANGUAGES, Language, text
from kb.errors import KBError
from kb.faults import DISK_FAULTS
from loaders.errors import LoadError

logger = logging.getLogger(__name__)

KNOWN_ERRORS = (KBError, LoadError, *DISK_FAULTS)
Say = Callable[..., str]

_LANGUAGE_PARAM = "lang"
_FOLDER = Path(__file__).resolve().parent


def icon() -> None:
    """Set the icon of the browser's tab.

    It comes before the navigation, which would else fetch an icon from the internet.
    """
    st.set_page_config(page_icon=str(_FOLDER / "mark.svg"))


def head(title: str, *, wide: bool) -> None:
    """Set the page up, before anything is drawn."""
    say = texts()
    st.set_page_config(
        page_title=f"{title} · {say('product')}",
        layout="wide" if wide else "centered",
        initial_sidebar_state="auto",
    )
    st.html(_FOLDER / "style.css")
    logo = (_FOLDER / "logo.svg").read_text(encoding="utf-8")
    st.logo(
        logo.replace("{product}", say("product")),
        size="large",
        icon_image=str(_FOLDER / "mark.svg"),
    )


def foot() -> None:
    """Draw the foot of the sidebar: the chat model's state and the language."""
    say = texts()
    with st.sidebar, st.container(key="foot"):
        _chat_state()
        st.segmented_control(
            say("language"),
            LANGUAGES,
            format_func=lambda each: text("language.name", each),
            default=language(),
            required=True,
            key="language_choice",
            on_change=_language_chosen,
            label_visibility="collapsed",
        )


def language() -> Language:
    """Return the reader's language: chosen here, named in the address, or the server's setting."""
    chosen = st.session_state.get("language") or st.query_params.get(_LANGUAGE_PARAM)
    if chosen not in LANGUAGES:
        chosen = workspace().settings.language
    return cast(Language, chosen)


def keep_language() -> None:
    """Keep the reader's language in the address, which a change of page empties."""
    current = language()
    st.session_state["language"] = current
    if current != workspace().settings.language:
        st.query_params[_LANGUAGE_PARAM] = current
    else:
        st.query_params.pop(_LANGUAGE_PARAM, None)


def texts() -> Say:
    """Return the function that looks texts up in the reader's language."""
    current = language()

    def say(key: str, **params: object) -> str:
        return text(key, current, **params)

    return say


def show_error(error: Exception) -> None:
    """Show an error as a sentence with what to do about it."""
    message = of_error(error, language())
    if not isinstance(error, KBError | LoadError):
        # The sentence may leave out what mends it.
        logger.error("a page shows: %s", message.text, exc_info=error)
    hint = f"\n\n{markup.label(message.hint, limit=400)}" if message.hint else ""
    st.error(markup.label(message.text, limit=600) + hint, icon=":material/error:")


def empty_state(icon: str, title: str, body: str) -> None:
    """Say what this place is for and what to do first."""
    with st.container(horizontal_alignment="center", gap="xsmall"):
        st.space("large")
        st.header(f":primary[:material/{icon}:]", anchor=False, text_alignment="center")
        st.subheader(title, anchor=False, text_alignment="center", width="stretch")
        st.caption(body, text_alignment="center", width=560)
        st.space("small")


def first_steps() -> None:
    """Say in three steps how one gets from files to answers."""
    _three("step", [f"**{number}**" for number in (1, 2, 3)])


def tips() -> None:
    """Say in three tips how to ask well."""
    _three("tip", [f":material/{icon}:" for icon in ("target", "question_answer", "find_in_page")])


def _three(kind: str, marks: list[str]) -> None:
    say = texts()
    st.space("medium")
    for number, (column, mark) in enumerate(zip(st.columns(3), marks, strict=True), start=1):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f":primary[{mark}]   **{say(f'{kind}.{number}.title')}**")
            st.caption(say(f"{kind}.{number}.body"))


def when(seconds: float) -> str:
    """Write a time as the reader's clock shows it."""
    return time_text(seconds)


@st.fragment(run_every=5)
def _chat_state() -> None:
    say = texts()
    chat = workspace().engines.chat()
    state = chat.state
    icons = {
        "ready": ":green[:material/check_circle:]",
        "idle": ":green[:material/radio_button_checked:]",
        "loading": ":orange[:material/hourglass_top:]",
        "absent": ":gray[:material/do_not_disturb_on:]",
        "failed": ":red[:material/error:]",
    }
    remark = markup.label(state.reason, limit=400) or markup.label(chat.name)
    st.caption(f"{icons[state.name]} {say(f'chat.{state.name}')}", help=remark)


def _language_chosen() -> None:
    st.session_state["language"] = st.session_state["language_choice"]
