"""A GGUF chat model run by the ready wheel xllamacpp, for machines that cannot compile."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from kb.errors import BackendUnavailableError, GenerationError
from kb.llms.base import (
    ChatMessage,
    FirstToken,
    Sampling,
    TokenPromptModel,
    Usage,
    refuse_options,
)
from kb.llms.pieces import without_control_tokens
from kb.models.table import LoadOptions

_PROMPT_STEP = 128
"""Prompt tokens computed between two looks at whether the caller is still there."""


class XLlamaCppModel(TokenPromptModel):
    """Runs a GGUF file in llama.cpp's own server, which the wheel starts inside this process.

    The wheel's Python calls push their pieces into a callback and know no tokenizer, so this talks
    to the server's loopback address, where closing the answer also stops the generation.
    """

    def __init__(
        self, path: Path, *, context_length: int, threads: int, options: LoadOptions
    ) -> None:
        refuse_options("llama.cpp", options, known=("lora", "gpu_layers"))
        super().__init__(context_length)
        try:
            import xllamacpp
        except (ImportError, OSError) as exc:
            raise BackendUnavailableError(f"xllamacpp cannot be used: {exc}") from exc
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = context_length
        params.n_parallel = 1
        params.n_batch = _PROMPT_STEP
        params.n_ubatch = _PROMPT_STEP
        # Each has its own default; with one left alone a short answer on two cores took a minute.
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        # The sleeping thread spins for half of its time otherwise, on the cores of the others.
        params.cpuparams.poll = 0
        params.cpuparams_batch.poll = 0
        params.cache_ram_mib = 0
        params.ui = False
        params.offline = True
        params.endpoint_slots = False
        params.verbosity = 0
        key = secrets.token_urlsafe(32)
        params.api_keys = [key]
        try:
            self._server: Any = xllamacpp.Server(params)
        except (RuntimeError, ValueError, OSError) as exc:
            raise BackendUnavailableError(
                f"{path.name} cannot be loaded: {exc}", hint="kb models verify"
            ) from exc
        self._http = httpx.Client(
            base_url=self._server.listening_address,
            headers={"Authorization": f"Bearer {key}"},
            # A company's HTTP_PROXY must not come between this process and itself.
            trust_env=False,
            timeout=httpx.Timeout(10.0, read=600.0),
        )

    def close(self) -> None:
        self._http.close()
        self._server = None

    def _answer(self, tokens: list[int], budget: int, sampling: Sampling) -> Iterator[str]:
        stop = [text for text in sampling.stop if text]
        return self._complete(tokens, budget, sampling, {"stop": stop})

    def _answer_within(
        self, grammar: str, tokens: list[int], budget: int, sampling: Sampling
    ) -> Iterator[str]:
        return self._complete(tokens, budget, sampling, {"grammar": grammar})

    def _first_token(self, tokens: list[int], count: int) -> Iterator[str | FirstToken]:
        # A stream leaves the probabilities out where the token is no whole text. So the prompt is
        # read by a stream, which can be stopped, and its last token once more for the answer.
        yield from ("" for _ in self._complete(tokens, 1, Sampling(), {}))
        evaluated = self._usage.evaluated_tokens if self._usage else len(tokens)
        request = {"prompt": tokens, "n_predict": 1, "n_probs": count, "temperature": 0.0}
        answer = self._post("/completion", request | {"cache_prompt": True})
        found = answer["completion_probabilities"][0]["top_logprobs"]
        yield FirstToken.of(
            (bytes(one["bytes"]).decode(errors="backslashreplace"), one["logprob"]) for one in found
        )
        self._usage = Usage(len(tokens), evaluated, 1, "length")

    def _complete(
        self, tokens: list[int], budget: int, sampling: Sampling, options: dict[str, Any]
    ) -> Iterator[str]:
        request = options | {
            "prompt": tokens,
            "n_predict": budget,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "min_p": 0.0,
            "repeat_penalty": sampling.repetition_penalty,
            "seed": -1 if sampling.seed is None else sampling.seed,
            "cache_prompt": True,
            "stream": True,
            "return_progress": True,
        }
        try:
            with self._http.stream("POST", "/completion", json=request) as response:
                if response.is_error:
                    response.read()
                    raise GenerationError(f"llama.cpp failed: {_message(response)}")
                for line in response.iter_lines():
                    if not line.startswith("data: "):
                        if line.startswith("error: "):
                            raise GenerationError(f"llama.cpp failed: {line[7:]}")
                        continue
                    part = json.loads(line[6:])
                    if "error" in part:
                        raise GenerationError(f"llama.cpp failed: {part['error'].get('message')}")
                    if part.get("stop"):
                        yield _whole(part)
                        self._usage = _usage(part, len(tokens))
                        return
                    yield _whole(part)
        except (httpx.HTTPError, ValueError) as exc:
            raise GenerationError(f"llama.cpp failed: {exc}") from exc
        raise GenerationError("llama.cpp ended the answer without saying why")

    def _prompt_tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        prompt = self._post("/apply-template", {"messages": without_control_tokens(messages)})
        # Templates write the begin-of-text token themselves where the model wants one.
        found = self._post(
            "/tokenize", {"content": prompt["prompt"], "add_special": False, "parse_special": True}
        )
        tokens: list[int] = found["tokens"]
        return tokens

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = self._http.post(path, json=body)
            if response.is_error:
                raise GenerationError(f"llama.cpp failed: {_message(response)}")
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as exc:
            raise GenerationError(f"llama.cpp failed: {exc}") from exc
        return answer


def _whole(part: dict[str, Any]) -> str:
    # The server writes the mark for bytes that never became a character.
    return str(part.get("content", "")).replace("\ufffd", "")


def _usage(last: dict[str, Any], prompt_tokens: int) -> Usage:
    evaluated = int(last.get("timings", {}).get("prompt_n", prompt_tokens))
    ended_by = last.get("stop_type")
    # The server counts the end-of-turn token as a token of the answer.
    produced = int(last["tokens_predicted"]) - (ended_by == "eos")
    return Usage(prompt_tokens, evaluated, produced, "length" if ended_by == "limit" else "stop")


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"
