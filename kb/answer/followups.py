"""Turns a follow-up ("那出差呢？") into a question that stands alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kb.answer.prompts import Prompt
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint
from kb.text.tokenise import content_tokens
from kb.types import Turn

# Turns that a follow-up may refer to.
MEMORY = 3

_REFERS_BACK = re.compile(
    r"^(那|那么|还有|另外|以及|然后|为什么呢|and\b|what about|how about)"
    r"|(?<![其吉])[它他她]们?|这[个些种里次份项]|那[个些种里次份项]|其(?![他它实])|该|此|上述|上面|前者|后者"
    r"|\b(it|its|they|their|them|he|she|his|her|this|that|these|those)\b",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"呢[？?]?$")
_FEW_WORDS = 2
_ANSWER_SHOWN = 120
# Of a pasted page, what it is about; three of them must fit into a small model's context.
_QUESTION_SHOWN = 240


def refers_back(question: str) -> bool:
    """Whether a question needs what was said before to be understood."""
    return bool(
        _REFERS_BACK.search(question)
        or _ELLIPSIS.search(question)
        or len(set(content_tokens(question))) < _FEW_WORDS
    )


def standalone_question(
    question: str,
    turns: Sequence[Turn],
    *,
    chat: ChatEndpoint | None,
    prompt: Prompt,
    cancelled: Callable[[], bool],
) -> str:
    """Complete a follow-up by what was said before; any other question comes back as it is.

    Without a chat model the question before is put in front of it.

    Raises:
        GenerationError: the chat model failed.
    """
    if not turns or not refers_back(question):
        return question
    plain = f"{turns[-1].question[:_QUESTION_SHOWN]} {question}"
    if chat is None:
        return plain
    history = "\n".join(
        f"问：{turn.question[:_QUESTION_SHOWN]}\n答：{turn.answer[:_ANSWER_SHOWN]}"
        for turn in turns[-MEMORY:]
    )
    message = ChatMessage("user", prompt.template.format(history=history, question=question))
    text = "".join(chat.stream([message], Sampling(max_tokens=80, stop=("\n",)), cancelled))
    rewritten = re.sub(r"^(【[^】]*】|问[：:])", "", text.strip()).strip()
    # A rewrite that was cut off, lost the question, or answers it, is worse than none.
    if cancelled() or not rewritten or len(rewritten) > 4 * len(plain):
        return plain
    return rewritten
