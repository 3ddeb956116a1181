"""Short fixed replies to small talk and to questions about the program itself.

They stand in ``prompts/fixed_replies.txt``: blocks parted by blank lines, in each a line of phrases
parted by ``|``, then the reply. Only a question that is nothing but such phrases gets one, so that
none about the documents is ever caught.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kb.text.normalise import compact

_BLOCK = re.compile(r"\n\s*\n")
_PART = re.compile(r"[\s，,。.！!？?；;、~～…]+")
_PARTICLES = "呀啊呢吧哦啦哈嘛哟"


def parse_replies(text: str) -> dict[str, str]:
    """Read a file of replies: {phrase as `compact` writes it: reply}.

    Raises:
        ValueError: a block has no reply.
    """
    replies: dict[str, str] = {}
    for block in _BLOCK.split(text.strip()):
        phrases, _, reply = block.strip().partition("\n")
        if not phrases:
            continue
        if not reply.strip():
            raise ValueError(f"no reply to: {phrases[:60]}")
        for phrase in phrases.split("|"):
            replies[compact(phrase)] = reply.strip()
    return replies


def fixed_reply(question: str, replies: Mapping[str, str]) -> str | None:
    """The reply to a question that is nothing but small talk: to its last phrase; else None."""
    whole = replies.get(compact(question))
    if whole is not None:
        return whole
    parts = [part for part in _PART.split(question) if compact(part)]
    found = [_reply(compact(part), replies) for part in parts]
    return found[-1] if found and None not in found else None


def _reply(phrase: str, replies: Mapping[str, str]) -> str | None:
    for text in (phrase, phrase.rstrip(_PARTICLES), phrase.removeprefix("请问")):
        if text in replies:
            return replies[text]
    return None
