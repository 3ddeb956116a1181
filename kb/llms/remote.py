"""A chat model on any OpenAI-compatible server: a company's vLLM, Xinference, llama-server."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kb.errors import BackendError, BackendUnavailableError, GenerationError
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint, ChatState

if TYPE_CHECKING:
    from kb.llms.langchain import ChatClient

_LETTERS = re.compile(r"[A-Za-z ]+")
_TOKENS_PER_MESSAGE = 8
_TOKENS_PER_PROMPT = 32
"""Some templates add a system message of their own; Qwen's has 20 tokens."""


class RemoteChatService(ChatEndpoint):
    """A chat model that another machine runs."""

    def __init__(
        self,
        *,
        api_base_url: str,
        api_key: str,
        model: str,
        name: str = "",
        context_length: int = 4096,
        read_seconds: float = 120.0,
        use_proxy: bool = False,
    ) -> None:
        """Take note of the server; nothing is asked of it yet.

        Args:
            api_base_url: the address that ends in ``/v1``.
            model: what the server calls it.
            name: what it is called here; empty: the same.
            read_seconds: how long the server may keep silent within an answer.
            use_proxy: go through HTTP_PROXY; off, since such servers stand in the same house.
        """
        self._model = model
        self._name = name or model
        self._api_base_url = api_base_url
        self._context_length = context_length
        self._api_key = api_key
        self._read_seconds = read_seconds
        self._use_proxy = use_proxy
        self._failure = ""
        self._lock = threading.Lock()
        self._client: ChatClient | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def state(self) -> ChatState:
        """Ready, unless the last answer could not reach the server."""
        return ChatState("failed", self._failure) if self._failure else ChatState("ready")

    @property
    def context_length(self) -> int:
        return self._context_length

    @property
    def counts_are_exact(self) -> bool:
        return False

    def client(self) -> ChatClient:
        from kb.llms.langchain import make_client

        self._failure = ""
        with self._lock:
            if self._client is None:
                self._client = make_client(
                    base_url=self._api_base_url,
                    # Servers without keys still get one: the client refuses to go without.
                    key=self._api_key or "none",
                    model=self._model,
                    count=self.count_tokens,
                    read_seconds=self._read_seconds,
                    use_proxy=self._use_proxy,
                )
            return self._client

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Estimate the prompt tokens; see `estimate_tokens`."""
        return estimate_tokens(messages)

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.root_client.close()
                self._client = None

    def request_options(self, sampling: Sampling) -> dict[str, Any]:
        # Servers disagree on the newer name `max_completion_tokens`; all of these know this one.
        # The other is not OpenAI's and refused by some, so it is sent only where it matters.
        options: dict[str, Any] = {"max_tokens": sampling.max_tokens}
        if sampling.repetition_penalty != 1.0:
            options["repetition_penalty"] = sampling.repetition_penalty
        return options

    def explain_lost_connection(self, problem: str, *, answering: bool) -> BackendError:
        if answering:
            return GenerationError(
                f"the answer of {self.name} broke off: {problem}; ask again", model=self.name
            )
        self._failure = f"the connection to {self._api_base_url} failed: {problem}"
        return BackendUnavailableError(
            self._failure, hint="check the address of the chat server", model=self.name
        )


def estimate_tokens(messages: Sequence[ChatMessage]) -> int:
    """Estimate prompt tokens without the model's tokenizer, rather too many than too few.

    A common Chinese character is at most one token in the vocabularies of Qwen and ChatGLM (0.6 to
    0.7 on average), a digit or a sign is one, and a token of English holds four letters or more.
    """
    total = _TOKENS_PER_PROMPT
    for message in messages:
        letters = sum(len(word) for word in _LETTERS.findall(message.content))
        total += _TOKENS_PER_MESSAGE + len(message.content) - letters + math.ceil(letters / 2.5)
    return total
