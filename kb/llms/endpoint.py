"""What every chat service offers, whether its model runs on this machine or on another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kb.errors import BackendError
from kb.llms.base import ChatMessage, Sampling

if TYPE_CHECKING:
    from kb.llms.langchain import ChatClient
    from kb.models.table import CheckConstants


@dataclass(frozen=True, slots=True)
class ChatState:
    """Where a chat model stands.

    ``absent``: its file or its package is not here. ``idle``: not running, the next question starts
    it. ``reason`` is a sentence for absent and failed, else empty.
    """

    name: Literal["absent", "idle", "loading", "ready", "failed"]
    reason: str = ""


def never() -> bool:
    """Say that nobody wants to stop."""
    return False


class ChatEndpoint(ABC):
    """A chat model behind an OpenAI-compatible server; safe to call from several threads."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The model's name."""

    @property
    @abstractmethod
    def state(self) -> ChatState:
        """Where the model stands; never blocks."""

    @property
    @abstractmethod
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""

    @property
    @abstractmethod
    def counts_are_exact(self) -> bool:
        """Whether `count_tokens` uses the model's tokenizer; else it estimates, rather too high."""

    @property
    def check(self) -> CheckConstants | None:
        """How the model's word on its passages is read; None where that is not known."""
        return None

    @abstractmethod
    def client(self) -> ChatClient:
        """Return LangChain's client for the model; ask again for every answer, it may have moved.

        Raises:
            BackendUnavailableError: the model cannot be started.
        """

    @abstractmethod
    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Count the prompt tokens of a chat, the chat template included."""

    @abstractmethod
    def close(self) -> None:
        """Free what the service holds; it cannot be used any more."""

    @abstractmethod
    def request_options(self, sampling: Sampling) -> dict[str, Any]:
        """Return the request fields beyond OpenAI's that this server understands."""

    @abstractmethod
    def explain_lost_connection(self, problem: str, *, answering: bool) -> BackendError:
        """Say what a lost connection means: refused at the start, or broken while ``answering``."""

    def stream(
        self,
        messages: Sequence[ChatMessage],
        sampling: Sampling | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        """Yield the answer piece by piece; closing the iterator or ``cancelled`` frees the model.

        Raises:
            BackendUnavailableError: the model cannot be started or reached.
            ContextTooLongError: the prompt alone does not fit into the context.
            GenerationError: the model failed, or the answer broke off.
        """
        # LangChain's client takes a second to import, which a page without a question can spare.
        from kb.llms.langchain import stream_answer

        yield from stream_answer(self, messages, sampling or Sampling(), cancelled)

    def structured(
        self,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any],
        sampling: Sampling | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Any:
        """Return an answer that fits a JSON Schema: the parsed value, never one that does not fit.

        The model is bound to the schema while it writes, but not told of it: the messages have to
        say what is wanted. Models on this machine know objects, arrays, strings, numbers, choices
        (``enum``, ``anyOf``) and references; `kb.llms.grammar` has the list. OpenAI's own servers
        want ``additionalProperties: false`` and every property required. Stop strings are not sent.

        Raises:
            UnsupportedError: the engine or the server cannot be bound to this schema or to any; a
                caller can do without, asking again is of no use.
            CancelledError: ``cancelled`` ended it.
            GenerationError: as for `stream`, or ``max_tokens`` cut the answer off.
            BackendUnavailableError, ContextTooLongError: as for `stream`.
        """
        from kb.llms.structured import structured_answer

        return structured_answer(self, messages, schema, sampling or Sampling(), cancelled)

    def first_token(
        self,
        messages: Sequence[ChatMessage],
        count: int = 20,
        cancelled: Callable[[], bool] = never,
    ) -> dict[str, float]:
        """Return ln p of the ``count`` likeliest first tokens of the answer, the likeliest first.

        Nothing is generated. Keys are the tokens' texts; see `kb.llms.base.FirstToken` for those
        that are no text. OpenAI's servers tell of at most 20.

        Raises:
            UnsupportedError: the engine or the server does not tell probabilities.
            CancelledError: ``cancelled`` ended it.
            BackendUnavailableError, ContextTooLongError, GenerationError: as for `stream`.
        """
        from kb.llms.first_token import first_token_logprobs

        return first_token_logprobs(self, messages, count, cancelled)
