"""The language of an answer: that of its question, unless a setting names one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from kb.answer_types import AnswerLanguage

Language = Literal["zh", "en"]

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
_LOWER_WORD = re.compile(r"(?<![A-Za-z])[a-z]{2,}(?![A-Za-z])")
# Words that ask in one language: a name in the other alphabet does not change whose question it is.
_ASKS_ENGLISH = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could"
    r"|should|must|will|would|has|have|list|explain|describe|define|tell)\b",
    re.IGNORECASE,
)
_ASKS_CHINESE = re.compile("什么|甚么|多少|几|幾|哪|谁|誰|怎|如何|何|吗|嗎|么|麼|呢|是否|请|請")


def answer_language(wanted: AnswerLanguage, question: str, before: Sequence[str] = ()) -> Language:
    """The language to answer in; ``before`` are the questions of the talk, the latest last.

    A question that is a bare name or number goes on in the language of the talk.
    """
    if wanted != "auto":
        return wanted
    for text in (question, *reversed(before)):
        language = language_of(text)
        if language is not None:
            return language
    return "zh"


def language_of(question: str) -> Language | None:
    """The language that a question is asked in; None of a bare name or number.

    Names are what they are in any language: "iPhone 15 Pro 多少钱" is Chinese, "Who runs 国务院
    办公厅?" is English.
    """
    asks_english = _ASKS_ENGLISH.search(question)
    if _HAN.search(question):
        return "en" if asks_english and not _ASKS_CHINESE.search(question) else "zh"
    several = len(_LATIN_WORD.findall(question)) > 1 and _LOWER_WORD.search(question)
    return "en" if asks_english or several else None
