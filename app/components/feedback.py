"""Praise or blame under an answer; what was given is taken back by clicking it again."""

from __future__ import annotations

import streamlit as st

from app.components.frame import texts
from app.state import workspace
from kb.answer_types import FIXED_REPLY, MessageRecord, Praise

_CHOICES: tuple[Praise, ...] = ("down", "up")
"""By the number that Streamlit gives to a thumb."""


def show_feedback(message: MessageRecord) -> None:
    """Draw the thumbs of an answer that says something about the documents."""
    answer = message.answer
    if answer is None or not answer.answer or answer.model == FIXED_REPLY:
        return
    st.feedback(
        "thumbs",
        key=f"feedback_{message.message_id}",
        default=None if message.praise is None else _CHOICES.index(message.praise),
        on_change=_given,
        args=(message.message_id,),
    )


def _given(message_id: int) -> None:
    chosen = st.session_state[f"feedback_{message_id}"]
    workspace().feedback.give(message_id, None if chosen is None else _CHOICES[chosen])
    st.toast(texts()("answer.taken_back" if chosen is None else "answer.thanks"))
