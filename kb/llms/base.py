"""What every chat model that runs on this machine promises to the child process that serves it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from kb.errors import BackendUnavailableError, ContextTooLongError, UnsupportedError
from kb.llms.grammar import to_grammar
from kb.models.table import LoadOptions


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat in OpenAI's roles."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; the defaults suit answers that stay with their sources."""

    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 40
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took.

    ``evaluated_tokens`` are the prompt tokens that were computed; the rest was shared with the
    former prompt. ``finish_reason`` is ``length`` for an answer cut by its limit or the context.
    """

    prompt_tokens: int
    evaluated_tokens: int
    completion_tokens: int
    finish_reason: Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class FirstToken:
    """How an answer would begin: its likeliest first tokens, the likeliest one first.

    ``logprobs`` maps a token's text to ln p among the whole vocabulary, before any sampling. A part
    of a character is written as bytes (``\\xe6``); a token without text, such as the end of the
    answer, is the empty text. Tokens of the same text are one.
    """

    logprobs: Mapping[str, float]

    @classmethod
    def of(cls, chances: Iterable[tuple[str, float]]) -> FirstToken:
        """Sort chances of tokens and put those of the same text together."""
        joined: dict[str, float] = {}
        for text, logprob in chances:
            former = joined.get(text)
            joined[text] = (
                logprob if former is None else math.log(math.exp(former) + math.exp(logprob))
            )
        return cls(dict(sorted(joined.items(), key=lambda item: -item[1])))


class LocalChatModel(ABC):
    """A chat model inside this process; one generation at a time, called from one thread.

    Only `count_tokens` may be called from other threads, also while a generation runs. A backend's
    constructor takes ``(path, *, context_length, threads, options)``.
    """

    @property
    @abstractmethod
    def context_length(self) -> int:
        """Tokens that prompt and answer may have together."""

    @property
    @abstractmethod
    def usage(self) -> Usage | None:
        """What the last answer took; None before the first, and if it was stopped or failed."""

    @abstractmethod
    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Count the prompt tokens of a chat, the model's own chat template included."""

    @abstractmethod
    def stream(self, messages: Sequence[ChatMessage], sampling: Sampling) -> Iterator[str]:
        """Yield the answer piece by piece; every piece is whole Unicode text.

        Pieces may be empty while the prompt is read. Closing the iterator stops the generation at
        the next token, or at the next part of the prompt.

        Raises:
            ContextTooLongError: the prompt alone does not fit into the context; raised by the call
                itself, before the first piece.
            GenerationError: the engine failed.
        """

    def structured(
        self,
        messages: Sequence[ChatMessage],  # noqa: ARG002
        schema: Mapping[str, Any],  # noqa: ARG002
        sampling: Sampling,  # noqa: ARG002
    ) -> Iterator[str]:
        """Yield pieces as `stream` does, of an answer that is JSON and fits a JSON Schema.

        Cut by its limit it is only the beginning of such JSON. Stop strings are not heeded.

        Raises:
            UnsupportedError: the engine cannot be bound to the schema, or to any.
            ContextTooLongError: see `stream`; both are raised by the call itself.
        """
        raise _lacks(self, "be bound to a JSON Schema")

    def first_token(
        self,
        messages: Sequence[ChatMessage],  # noqa: ARG002
        count: int,  # noqa: ARG002
    ) -> Iterator[str | FirstToken]:
        """Yield empty pieces while the prompt is read, then the ``count`` likeliest first tokens.

        Raises:
            UnsupportedError: the engine does not tell.
            ContextTooLongError: see `stream`; both are raised by the call itself.
        """
        raise _lacks(self, "tell the probabilities of tokens")

    def close(self) -> None:
        """Free the model; the default holds nothing."""
        return


class TokenPromptModel(LocalChatModel):
    """A model whose engine takes a prompt as tokens: counting and the budget are the same for all.

    A backend writes `_prompt_tokens` and `_answer`, and sets ``_usage`` when an answer has ended.
    """

    def __init__(self, context_length: int) -> None:
        self._context_length = context_length
        self._usage: Usage | None = None

    @property
    def context_length(self) -> int:
        return self._context_length

    @property
    def usage(self) -> Usage | None:
        return self._usage

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return len(self._prompt_tokens(messages))

    def stream(self, messages: Sequence[ChatMessage], sampling: Sampling) -> Iterator[str]:
        self._usage = None
        tokens = self._prompt_tokens(messages)
        budget = answer_budget(len(tokens), sampling, self._context_length)
        return self._answer(tokens, budget, sampling)

    def structured(
        self,
        messages: Sequence[ChatMessage],
        schema: Mapping[str, Any],
        sampling: Sampling,
    ) -> Iterator[str]:
        self._usage = None
        grammar = to_grammar(schema)
        tokens = self._prompt_tokens(messages)
        budget = answer_budget(len(tokens), sampling, self._context_length)
        return self._answer_within(grammar, tokens, budget, sampling)

    def first_token(
        self, messages: Sequence[ChatMessage], count: int
    ) -> Iterator[str | FirstToken]:
        self._usage = None
        tokens = self._prompt_tokens(messages)
        answer_budget(len(tokens), Sampling(max_tokens=1), self._context_length)
        return self._first_token(tokens, count)

    @abstractmethod
    def _prompt_tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Write the chat in the model's template and return its tokens."""

    @abstractmethod
    def _answer(self, tokens: list[int], budget: int, sampling: Sampling) -> Iterator[str]:
        """Yield at most ``budget`` tokens' worth of answer in pieces, as `stream` promises."""

    def _answer_within(
        self,
        grammar: str,  # noqa: ARG002
        tokens: list[int],  # noqa: ARG002
        budget: int,  # noqa: ARG002
        sampling: Sampling,  # noqa: ARG002
    ) -> Iterator[str]:
        """Yield an answer as `_answer` does that the grammar (GBNF) allows."""
        raise _lacks(self, "be bound to a JSON Schema")

    def _first_token(
        self,
        tokens: list[int],  # noqa: ARG002
        count: int,  # noqa: ARG002
    ) -> Iterator[str | FirstToken]:
        """Yield what `first_token` promises."""
        raise _lacks(self, "tell the probabilities of tokens")


def answer_budget(prompt_tokens: int, sampling: Sampling, context_length: int) -> int:
    """Return how many tokens the answer may have: what was asked for, or what the context leaves.

    Raises:
        ContextTooLongError: the prompt leaves no room for a single token.
    """
    room = context_length - prompt_tokens
    if room < 1:
        raise ContextTooLongError(
            f"the prompt has {prompt_tokens} tokens, the model's context holds {context_length}; "
            "shorten the question or the conversation",
            prompt_tokens=prompt_tokens,
            context_length=context_length,
        )
    return min(sampling.max_tokens, room)


def refuse_options(engine: str, options: LoadOptions, *, known: Collection[str]) -> None:
    """Say which of the options an engine would not heed.

    Raises:
        BackendUnavailableError: there is one.
    """
    usual = LoadOptions()
    for field in fields(options):
        if field.name not in known and getattr(options, field.name) != getattr(usual, field.name):
            raise BackendUnavailableError(
                f"{engine} has no {field.name}: add the model again without it",
                hint="kb models pull NAME --path PATH",
            )


def _lacks(model: LocalChatModel, ability: str) -> UnsupportedError:
    return UnsupportedError(f"{type(model).__name__} cannot {ability}")
