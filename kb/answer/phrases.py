"""What models say around an answer, in Chinese and English: refusals, preambles."""

from __future__ import annotations

import re
from collections.abc import Iterator

REFUSAL = "根据已知信息无法回答该问题"

_SOURCE = r"(?:information|context|passages?|texts?|documents?|materials?|sources?)"
_CANNOT = r"(?:cannot|can not|can['’]t|could not|couldn['’]t)"
# A document may say what an employee cannot answer: here the question or the sources are named.
_REFUSES = re.compile(
    "|".join(
        [
            r"无法回答(?:该|这个|此|您的)?问题|无法从(?:已知信息|中)|没有提供.{0,8}相关信息",
            rf"\b(?:{_CANNOT}|unable to|not possible to) answer (?:the|this|that|your) question\b",
            rf"^(?:sorry,? )?(?:but )?(?:the|this|that|your) question {_CANNOT} be answered\b",
            rf"\b{_CANNOT} be (?:answered|determined|found) (?:from|based on|with|using|in) "
            rf"(?:the )?(?:\w+ )?{_SOURCE}\b",
            rf"\b(?:known|provided|given|available|above) {_SOURCE}(?: provided| given| above)? "
            r"(?:do(?:es)? not|do(?:es)?n['’]t) "
            r"(?:contain|provide|include|mention|specify|state|say|give|indicate|answer)\b",
            r"\bthere is no (?:\w+ )?information (?:provided|given|available|about|regarding|in)\b",
            r"\bno (?:\w+ )?information (?:is|was) (?:provided|given|available|found)\b",
        ]
    ),
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^根[据據](?:已知|以上|上述|提供的|所[给給])?(?:信息|資訊|[资資]料|内容|內容|材料)(?:可知)?[，,：:]\s*"
    r"|^(?:according to|based on|from) (?:the )?(?:known |provided |given |available |above )?"
    rf"{_SOURCE}(?: provided| given| above)?[,:]\s*",
    re.IGNORECASE,
)
_LONGEST_PREAMBLE = 16
_LONGEST_PREAMBLE_ENGLISH = 60
_MAY_BECOME_ONE = re.compile(r"^(?:根(?:[据據][^，,：:。]*)?)?$")
_BEGINS_ENGLISH = ("according to", "based on", "from the")


def is_refusal(text: str) -> bool:
    """Whether the model says that it cannot answer, whatever else it adds."""
    return bool(_REFUSES.search(text))


def drop_preamble(text: str) -> str:
    """Begin an answer with what it says: not with "根据已知信息，" or "Based on the context,"."""
    preamble = _PREAMBLE.match(text)
    if preamble is None:
        return text
    rest = text[preamble.end() :]
    # What went on after a comma begins a sentence now.
    return rest[:1].upper() + rest[1:]


def without_preamble(pieces: Iterator[str]) -> Iterator[str]:
    """Hold the beginning of an answer back until it is known not to be a preamble."""
    begun = ""
    for piece in pieces:
        begun = (begun + piece).lstrip()
        preamble = _PREAMBLE.match(begun)
        # The first letter after a preamble decides how the answer begins.
        if preamble.end() == len(begun) if preamble else _may_become_one(begun):
            continue
        yield drop_preamble(begun)
        yield from pieces
        return
    if rest := drop_preamble(begun):
        yield rest


def _may_become_one(begun: str) -> bool:
    if _MAY_BECOME_ONE.match(begun):
        return len(begun) < _LONGEST_PREAMBLE
    lower = begun.lower()
    return len(begun) < _LONGEST_PREAMBLE_ENGLISH and any(
        start.startswith(lower) or (lower.startswith(start) and not re.search("[,:.]", lower))
        for start in _BEGINS_ENGLISH
    )
