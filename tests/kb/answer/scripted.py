"""A chat model that says what it is told to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kb.errors import BackendError, GenerationError
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint, ChatState, never
from kb.llms.langchain import ChatClient


class ScriptedChat(ChatEndpoint):
    """Streams the next of its replies character by character; an exception among them is raised."""

    def __init__(self, *replies: str | Exception, context_length: int = 4096) -> None:
        self._replies = list(replies)
        self._context_length = context_length
        self.prompts: list[str] = []

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def state(self) -> ChatState:
        return ChatState("ready")

    @property
    def context_length(self) -> int:
        return self._context_length

    @property
    def counts_are_exact(self) -> bool:
        return True

    def client(self) -> ChatClient:
        raise AssertionError("the answer goes through stream")

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(message.content) for message in messages)

    def stream(
        self,
        messages: Sequence[ChatMessage],
        sampling: Sampling | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        self.prompts.append(messages[-1].content)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        for character in reply:
            if cancelled():
                return
            yield character

    def close(self) -> None:
        self._replies.clear()

    def request_options(self, sampling: Sampling) -> dict[str, Any]:
        return {}

    def explain_lost_connection(self, problem: str, *, answering: bool) -> BackendError:
        return GenerationError(problem)
