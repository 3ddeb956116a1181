"""A chat model that says what it is told to: for tests of what is around a model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from kb.errors import GenerationError
from kb.llms.base import ChatMessage, LocalChatModel, Sampling, Usage, answer_budget

CONTEXT = 64


class ScriptedModel(LocalChatModel):
    """Repeats the last message word by word; one token is one character.

    ``wait`` in a message pauses before each word until `go` is set; ``break`` fails after one word.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.stopped = threading.Event()
        self.order: list[str] = []
        self._usage: Usage | None = None

    @property
    def context_length(self) -> int:
        return CONTEXT

    @property
    def usage(self) -> Usage | None:
        return self._usage

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(message.content) for message in messages)

    def stream(self, messages: Sequence[ChatMessage], sampling: Sampling) -> Iterator[str]:
        self._usage = None
        size = self.count_tokens(messages)
        budget = answer_budget(size, sampling, CONTEXT)
        return self._speak(messages[-1].content, size, budget)

    def _speak(self, text: str, size: int, budget: int) -> Iterator[str]:
        self.order.append(text)
        words = text.split()
        try:
            for number, word in enumerate(words[:budget]):
                if "wait" in text:
                    while not self.go.wait(0.01):
                        yield ""
                if "break" in text and number == 1:
                    raise GenerationError("the engine broke")
                yield word + " "
        except GeneratorExit:
            self.stopped.set()
            raise
        reason = "length" if len(words) > budget else "stop"
        self._usage = Usage(size, size, min(len(words), budget), reason)  # type: ignore[arg-type]
