"""A question on its way: the answer runs in a thread, the page follows it and may come back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import streamlit as st
from streamlit.runtime.scriptrunner_utils.exceptions import StopException

from app.components import markup
from app.components.answer import show_sources
from app.components.frame import KNOWN_ERRORS, show_error, texts
from app.components.frame import language as page_language
from app.components.history import AVATARS, PARAM
from app.events import EventStream
from app.state import workspace
from kb.answer_types import Answer, AnswerLanguage, ConversationRecord, PassagesFound, Token
from kb.types import KnowledgeBaseRecord

# While it waits, the script looks up this often: only then can it be stopped or take a click.
_LOOK_UP_SECONDS = 0.2
_DRAW_SECONDS = 0.06
_STORED_WITHIN_SECONDS = 10.0
_KEY = "asking"
_AS_TYPED = "ask_as_typed"


@dataclass(frozen=True, slots=True)
class Options:
    """How a question is asked: completed by what was said or as typed; the answer's language."""

    follow_up: bool
    language: AnswerLanguage


@dataclass(slots=True)
class Asking:
    """A running answer of this browser session; a rerun of the page finds it again."""

    question: str
    conversation: str | None
    stream: EventStream
    started: float = field(default_factory=time.monotonic)
    text: str = ""
    passages: PassagesFound | None = None
    answer: Answer | None = None


def is_running(conversation: ConversationRecord | None) -> bool:
    """Tell whether an answer for this conversation is on its way."""
    return _running(_id(conversation)) is not None


def settle() -> None:
    """Take over an answer that was stopped: its conversation may be a new one."""
    asking: Asking | None = st.session_state.get(_KEY)
    if asking is None or not asking.stream.stopped:
        return
    _drain(asking)
    _finish(asking)


def choose_knowledge_bases(
    records: Sequence[KnowledgeBaseRecord], conversation: ConversationRecord | None
) -> list[str]:
    """Let the reader choose where to look; nothing chosen means everywhere."""
    say = texts()
    names = {record.kb_id: record.name for record in records}
    if len(names) == 1:
        return list(names)
    before = conversation.kb_ids if conversation is not None else ()
    default = [kb_id for kb_id in before if kb_id in names]
    with st.bottom:
        chosen = st.pills(
            say("ask.scope"),
            list(names),
            selection_mode="multi",
            default=default if len(default) < len(names) else [],
            format_func=lambda kb_id: markup.label(names[kb_id], limit=30),
            key=f"scope_{_id(conversation)}",
            help=say("ask.scope.help"),
        )
    return list(chosen) or list(names)


def choose_options(conversation: ConversationRecord | None) -> Options:
    """Let the reader choose how this conversation goes on, and the language of its answers."""
    say = texts()
    languages = get_args(AnswerLanguage)
    with st.bottom, st.container(horizontal=True, vertical_alignment="center"):
        # A first question follows nothing.
        follow_up = conversation is None or st.toggle(
            say("ask.follow_up"),
            value=True,
            key=f"follow_up_{_id(conversation)}",
            help=say("ask.follow_up.help"),
        )
        language = st.selectbox(
            say("ask.language"),
            languages,
            index=languages.index(workspace().settings.answer_language),
            format_func=lambda each: say(f"ask.language.{each}"),
            # Under one key the choice would go on being written in the language of before.
            key=f"answer_language_{page_language()}",
            label_visibility="collapsed",
            width=200,
        )
    return Options(follow_up, language)


def as_typed(answer: Answer, *, key: str) -> None:
    """Offer to ask a completed question again as it was typed."""
    if answer.standalone_question not in ("", answer.question):
        st.button(
            texts()("answer.as_typed"),
            icon=":material/undo:",
            type="tertiary",
            key=f"as_typed_{key}",
            on_click=st.session_state.__setitem__,
            args=(_AS_TYPED, answer.question),
        )


def asked_as_typed() -> str | None:
    """The question to be asked as it was typed, if the button was just clicked."""
    question: str | None = st.session_state.pop(_AS_TYPED, None)
    return question


def follow_or_start(
    question: str | None,
    *,
    scope: list[str],
    conversation: ConversationRecord | None,
    number: int,
    options: Options,
) -> None:
    """Start the answer to a new question, or follow the one on its way, until it is stored.

    ``number`` is the place that the answer will have among the messages of the conversation.
    """
    asking = _running(_id(conversation))
    if question and question.strip():
        if asking is not None:
            asking.stream.stop()
        asking = _start(question.strip(), scope, _id(conversation), options)
    if asking is None:
        return
    try:
        _follow(asking, number)
    except StopException:
        # The stop button. Nothing can be drawn or remembered in this run any more: the answer ends
        # at the next token, and `settle` takes it over when the page runs again.
        asking.stream.stop()
        raise
    except KNOWN_ERRORS as exc:
        st.session_state.pop(_KEY, None)
        show_error(exc)
        return
    _finish(asking)
    if asking.answer is not None and asking.answer.conversation:
        st.query_params[PARAM] = asking.answer.conversation
    st.rerun()


def _start(question: str, scope: list[str], conversation: str | None, options: Options) -> Asking:
    open_workspace = workspace()
    stream = EventStream(
        lambda cancelled: open_workspace.ask(
            scope,
            question,
            conversation=conversation,
            follow_up=options.follow_up,
            language=options.language,
            cancelled=cancelled,
        )
    )
    asking = Asking(question, conversation, stream)
    st.session_state[_KEY] = asking
    return asking


def _running(conversation: str | None) -> Asking | None:
    asking: Asking | None = st.session_state.get(_KEY)
    return asking if asking is not None and asking.conversation == conversation else None


def _follow(asking: Asking, number: int) -> None:
    say = texts()
    with st.chat_message("user", avatar=AVATARS["user"]):
        st.text(asking.question)
    with st.chat_message("assistant", avatar=AVATARS["assistant"]):
        status, body, sources = st.empty(), st.empty(), st.empty()
        drawn_at, drawn_sources = 0.0, False
        while not asking.stream.finished:
            _take(asking, _LOOK_UP_SECONDS)
            now = time.monotonic()
            if asking.passages is not None and asking.passages.citations and not drawn_sources:
                drawn_sources = True
                with sources.container():
                    # The key of the finished answer: a source opened now stays open then.
                    show_sources(
                        asking.passages.citations, title=say("answer.found"), key=str(number)
                    )
            if now - drawn_at >= _DRAW_SECONDS:
                # Drawing is also where Streamlit lets a click or a stop through.
                drawn_at = now
                if asking.text:
                    status.empty()
                    body.html(markup.streaming(asking.text))
                else:
                    key = "ask.searching" if asking.passages is None else "ask.thinking"
                    elapsed = int(now - asking.started)
                    status.caption(f":shimmer[{say(key, seconds=elapsed)}]")


def _take(asking: Asking, timeout: float) -> None:
    event = asking.stream.next(timeout)
    if isinstance(event, Token):
        asking.text += event.text
    elif isinstance(event, PassagesFound):
        asking.passages = event
    elif isinstance(event, Answer):
        asking.answer = event


def _drain(asking: Asking) -> None:
    deadline = time.monotonic() + _STORED_WITHIN_SECONDS
    while not asking.stream.finished and time.monotonic() < deadline:
        _take(asking, _LOOK_UP_SECONDS)


def _finish(asking: Asking) -> None:
    st.session_state.pop(_KEY, None)
    if asking.answer is not None and asking.conversation is None:
        st.session_state["begun_conversation"] = asking.answer.conversation


def _id(conversation: ConversationRecord | None) -> str | None:
    return None if conversation is None else conversation.conversation_id
