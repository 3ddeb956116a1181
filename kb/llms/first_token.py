"""How likely an answer begins with which token, asked for in OpenAI's way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kb.errors import CancelledError, GenerationError, UnsupportedError
from kb.llms.base import ChatMessage, FirstToken, Sampling
from kb.llms.endpoint import ChatEndpoint
from kb.llms.langchain import stream_chunks


def first_token_logprobs(
    endpoint: ChatEndpoint,
    messages: Sequence[ChatMessage],
    count: int,
    cancelled: Callable[[], bool],
) -> dict[str, float]:
    """Return the chances of an answer's first token; see `ChatEndpoint.first_token`."""
    name = endpoint.name
    found: list[dict[str, Any]] = []
    finished = False
    chunks = stream_chunks(
        endpoint, messages, Sampling(max_tokens=1), cancelled, logprobs=True, top_logprobs=count
    )
    try:
        for chunk in chunks:
            finished = finished or "finish_reason" in chunk.response_metadata
            told = chunk.response_metadata.get("logprobs") or {}
            if not found and told.get("content"):
                found = told["content"][0]["top_logprobs"]
        chances = [(str(one["token"]), float(one["logprob"])) for one in found]
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        raise GenerationError(
            f"the server of {name} told probabilities in no known form: {exc}", model=name
        ) from exc
    if not finished:
        raise CancelledError(f"the question to {name} was cancelled")
    if not chances:
        raise UnsupportedError(f"{name} does not tell the probabilities of tokens", model=name)
    return dict(FirstToken.of(chances).logprobs)
