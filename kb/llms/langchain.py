"""The one LangChain client for chat models on this machine and on a company's server."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import openai
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_openai import ChatOpenAI
from pydantic import PrivateAttr, SecretStr

from kb.errors import (
    BackendError,
    BackendUnavailableError,
    ContextTooLongError,
    GenerationError,
    UnsupportedError,
)
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint


class ChatClient(ChatOpenAI):
    """`ChatOpenAI` that counts tokens with the model it talks to.

    The original counts with tiktoken, which downloads its tables from the internet.
    """

    _count: Callable[[Sequence[ChatMessage]], int] = PrivateAttr()

    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a text as one user message."""
        return self._count([ChatMessage("user", text)])

    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Any] | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> int:
        """Count the prompt tokens of the messages."""
        return self._count([_from_langchain(message) for message in messages])


def make_client(
    *,
    base_url: str,
    key: str,
    model: str,
    count: Callable[[Sequence[ChatMessage]], int],
    read_seconds: float,
    with_usage: bool = False,
    use_proxy: bool = False,
) -> ChatClient:
    """Build a client that asks once, streams, and touches no host but the one of the base URL."""
    timeout = openai.Timeout(read_seconds, connect=5.0)
    client = ChatClient(
        base_url=base_url,
        api_key=SecretStr(key),
        model=model,
        streaming=True,
        # Servers of old refuse a request for it.
        stream_usage=with_usage,
        max_retries=0,
        timeout=timeout,
        use_responses_api=False,
        openai_proxy="",
        http_client=openai.DefaultHttpxClient(trust_env=use_proxy, timeout=timeout),
        http_async_client=openai.DefaultAsyncHttpxClient(trust_env=use_proxy, timeout=timeout),
    )
    client._count = count
    return client


def to_langchain(messages: Sequence[ChatMessage]) -> list[BaseMessage]:
    """Turn messages into LangChain's."""
    kinds: dict[str, type[BaseMessage]] = {
        "system": SystemMessage,
        "user": HumanMessage,
        "assistant": AIMessage,
    }
    return [kinds[message.role](content=message.content) for message in messages]


def stream_answer(
    endpoint: ChatEndpoint,
    messages: Sequence[ChatMessage],
    sampling: Sampling,
    cancelled: Callable[[], bool],
) -> Iterator[str]:
    """Yield an endpoint's answer; see `ChatEndpoint.stream`."""
    for chunk in stream_chunks(endpoint, messages, sampling, cancelled):
        if text := chunk.text:
            yield text


def stream_chunks(
    endpoint: ChatEndpoint,
    messages: Sequence[ChatMessage],
    sampling: Sampling,
    cancelled: Callable[[], bool],
    **fields: Any,
) -> Iterator[AIMessageChunk]:
    """Yield an endpoint's answer as LangChain has it, the one with ``finish_reason`` last.

    ``fields`` are more fields of the request. Ends without a word when ``cancelled``; what else it
    raises, see `ChatEndpoint.stream`.
    """
    chunks = endpoint.client().stream(
        to_langchain(messages),
        stop=list(sampling.stop) or None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=sampling.seed,
        # The client would take fields that it knows for its own and read the answer by them.
        extra_body=endpoint.request_options(sampling) | fields,
    )
    answering = finished = False
    try:
        for chunk in chunks:
            answering = True
            if cancelled():
                return
            finished = finished or "finish_reason" in chunk.response_metadata
            yield chunk
    except (openai.OpenAIError, ValueError, KeyError, TypeError, AttributeError) as exc:
        # All but the first are what the client makes of an answer in no form that it knows.
        raise _translate(endpoint, exc, answering=answering) from exc
    finally:
        # LangChain declares an iterator and returns a generator; closing it closes the connection.
        if isinstance(chunks, Generator):
            chunks.close()
    if not finished:
        raise GenerationError(f"the answer of {endpoint.name} broke off", model=endpoint.name)


def _translate(endpoint: ChatEndpoint, exc: Exception, *, answering: bool) -> BackendError:
    """Say in our words what the client ran into."""
    name, text = endpoint.name, _server_message(exc)
    if (
        isinstance(exc, ContextOverflowError)
        or getattr(exc, "code", None) == "context_length_exceeded"
        or (isinstance(exc, openai.BadRequestError) and "context length" in text)
    ):
        return ContextTooLongError(text, model=name)
    if _is_refusal_of_an_ability(exc, text):
        return UnsupportedError(f"{name} cannot do this: {text}", model=name)
    if isinstance(exc, openai.APITimeoutError):
        return GenerationError(f"{name} did not answer in time", model=name)
    if isinstance(exc, openai.APIConnectionError):
        return endpoint.explain_lost_connection(_root_cause(exc), answering=answering)
    if isinstance(exc, openai.AuthenticationError | openai.PermissionDeniedError):
        return BackendUnavailableError(
            f"the server of {name} does not accept the key: {text}",
            hint="check the key of the chat server",
            model=name,
        )
    if isinstance(exc, openai.NotFoundError):
        return BackendUnavailableError(
            f"the server does not know the model {name}: {text}",
            hint="check the address and the model name of the chat server",
            model=name,
        )
    if isinstance(exc, openai.RateLimitError):
        return GenerationError(f"the server of {name} is overloaded: {text}", model=name)
    if isinstance(exc, openai.OpenAIError):
        return GenerationError(f"{name} failed: {text}", model=name)
    return GenerationError(f"the server of {name} answered in no known form: {text}", model=name)


def _is_refusal_of_an_ability(exc: Exception, text: str) -> bool:
    """Tell whether a server says that it has no constrained answers or no probabilities.

    OpenAI has codes for it; vLLM, SGLang, TGI and others name the field in a sentence of their own.
    """
    if getattr(exc, "code", None) in ("unsupported_parameter", "unsupported_value"):
        return True
    if not isinstance(exc, openai.APIStatusError) or exc.status_code not in (400, 422, 501):
        return False
    named = f"{text} {exc.param}"
    return any(field in named for field in ("response_format", "json_schema", "logprobs"))


def _server_message(exc: Exception) -> str:
    body = getattr(exc, "body", None)
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])
    return str(exc) or type(exc).__name__


def _root_cause(exc: BaseException) -> str:
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return str(exc) or type(exc).__name__


def _from_langchain(message: BaseMessage) -> ChatMessage:
    if isinstance(message, SystemMessage):
        return ChatMessage("system", message.text)
    return ChatMessage("assistant" if isinstance(message, AIMessage) else "user", message.text)
