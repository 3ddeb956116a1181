"""Answers that fit a JSON Schema: asked for in OpenAI's way, and checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jsonschema
from jsonschema.validators import validator_for

from kb.errors import CancelledError, GenerationError, UnsupportedError
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint
from kb.llms.langchain import stream_chunks


def structured_answer(
    endpoint: ChatEndpoint,
    messages: Sequence[ChatMessage],
    schema: Mapping[str, Any],
    sampling: Sampling,
    cancelled: Callable[[], bool],
) -> Any:
    """Return an endpoint's answer within a schema; see `ChatEndpoint.structured`."""
    named = {"name": "answer", "schema": schema, "strict": True}
    chunks = stream_chunks(
        endpoint,
        messages,
        replace(sampling, stop=()),
        cancelled,
        response_format={"type": "json_schema", "json_schema": named},
    )
    text, reason = "", None
    for chunk in chunks:
        text += chunk.text
        reason = chunk.response_metadata.get("finish_reason", reason)
    if reason is None:
        raise CancelledError(f"the answer of {endpoint.name} was cancelled")
    if reason == "length":
        raise GenerationError(
            f"the structured answer of {endpoint.name} was cut off after {sampling.max_tokens} "
            "tokens or at the end of the context",
            model=endpoint.name,
        )
    return _checked(endpoint.name, text, schema)


def _checked(model: str, text: str, schema: Mapping[str, Any]) -> Any:
    """Parse an answer and hold it against the schema.

    A server that does not know the field of the request leaves it aside and answers as it likes.
    """
    try:
        value = json.loads(text)
        validator_for(schema)(schema).validate(value)
    except (ValueError, jsonschema.ValidationError) as exc:
        raise UnsupportedError(
            f"the answer of {model} does not fit the schema it was given: {exc.args[0]}",
            model=model,
        ) from exc
    return value
