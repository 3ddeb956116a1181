"""The supervisor of a chat model on this machine: starts its child, restarts it when it died."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from kb.errors import BackendError, BackendUnavailableError, GenerationError
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint, ChatState
from kb.llms.process import ChatChild, ChildTask
from kb.llms.registry import available_backend
from kb.models.table import ChatModel, CheckConstants, model_path

if TYPE_CHECKING:
    from kb.llms.langchain import ChatClient

logger = logging.getLogger(__name__)

_READ_SECONDS = 600.0
"""A whole answer may take that long; a dead child is noticed at once by its closed connection."""

_DYING_SECONDS = 3.0


class ChatService(ChatEndpoint):
    """A local chat model in a child process, started on first use."""

    def __init__(
        self, model: ChatModel, *, folder: Path, threads: int = 0, start_seconds: float = 120.0
    ) -> None:
        """Take note of the model; nothing is started.

        Args:
            folder: where the model files are.
            threads: 0 takes all processors that this process may use.
            start_seconds: how long loading the model may take.
        """
        self._model = model
        self._folder = folder
        self._threads = threads or os.cpu_count() or 1
        self._start_seconds = start_seconds
        self._lock = threading.Lock()
        self._child: ChatChild | None = None
        self._client: ChatClient | None = None
        self._http: httpx.Client | None = None
        self._closed = False

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def context_length(self) -> int:
        return self._model.context_length

    @property
    def check(self) -> CheckConstants | None:
        return self._model.check

    @property
    def counts_are_exact(self) -> bool:
        return True

    @property
    def state(self) -> ChatState:
        child = self._child
        if child is not None and child.state == "failed":
            return ChatState("failed", child.reason)
        if child is not None and child.is_alive():
            return ChatState("ready" if child.state == "ready" else "loading")
        try:
            self._find()
        except BackendUnavailableError as exc:
            return ChatState("absent", str(exc))
        return ChatState("idle")

    @property
    def child_pid(self) -> int | None:
        """Process id of the child; None while none runs."""
        child = self._child
        return child.pid if child is not None and child.is_alive() else None

    def start(self) -> None:
        """Begin to load the model in the background, so that the first question need not wait.

        Raises:
            BackendUnavailableError: the model's file or its package is not here.
        """
        with self._lock:
            self._launch()
        # The first answer needs it, and both take their second at the same time.
        threading.Thread(
            target=import_module, args=("kb.llms.langchain",), name="chat-client", daemon=True
        ).start()

    def client(self) -> ChatClient:
        child = self._ready_child()
        with self._lock:
            if child is not self._child or self._client is None:
                raise BackendUnavailableError(f"the chat model {self.name} was closed")
            return self._client

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Count the prompt tokens of a chat, the template included; start the model if need be.

        Raises:
            BackendUnavailableError: the model cannot be started.
            GenerationError: the child died meanwhile.
        """
        self._ready_child()
        http = self._http
        if http is None:
            raise BackendUnavailableError(f"the chat model {self.name} was closed")
        body = {"messages": [{"role": m.role, "content": m.content} for m in messages]}
        try:
            response = http.post("/v1/count_tokens", json=body)
            answer = response.json()
        except (httpx.HTTPError, ValueError, RuntimeError) as exc:
            raise GenerationError(f"{self.name} did not count tokens: {exc}") from exc
        if response.is_error:
            raise GenerationError(f"{self.name} did not count tokens: {answer['error']['message']}")
        return int(answer["tokens"])

    def close(self) -> None:
        """End the child; the service cannot be used any more."""
        with self._lock:
            self._closed = True
            child, self._child = self._child, None
        if child is not None:
            child.end()
        with self._lock:
            self._drop_clients()

    def request_options(self, sampling: Sampling) -> dict[str, Any]:
        return {
            "max_tokens": sampling.max_tokens,
            "top_k": sampling.top_k,
            "repetition_penalty": sampling.repetition_penalty,
        }

    def explain_lost_connection(self, problem: str, *, answering: bool) -> BackendError:
        child = self._child
        # A dying process closes its connections some moments before the system calls it dead; the
        # next question must find it dead.
        if child is not None and child.wait_until_gone(_DYING_SECONDS):
            problem = child.reason
        what = "broke off" if answering else "could not begin"
        return GenerationError(
            f"the answer of {self.name} {what}: {problem}; ask again", model=self.name
        )

    def _find(self) -> ChildTask:
        """Name what the child needs; raise when something of it is not here."""
        model = self._model
        path = model_path(model, self._folder)
        if not path.exists():
            raise BackendUnavailableError(
                f"the file {path.name} of the chat model {model.name} is not here: "
                f"kb models pull {model.name}",
                hint=f"kb models pull {model.name}",
                model=model.name,
            )
        return ChildTask(
            model.name,
            available_backend(model),
            path,
            model.context_length,
            self._threads,
            model.options,
        )

    def _launch(self) -> ChatChild:
        """Return the living child, a new one if there is none; the lock is held."""
        if self._closed:
            raise BackendUnavailableError(f"the chat model {self.name} was closed")
        child = self._child
        if child is None or not child.is_alive():
            task = self._find()
            self._drop_clients()
            logger.info("starting the chat model %s with %s", task.name, task.backend)
            child = self._child = ChatChild(task, start_seconds=self._start_seconds)
        return child

    def _ready_child(self) -> ChatChild:
        with self._lock:
            child = self._launch()
        # The child gives up by itself after `start_seconds`; the rest is for ending it.
        if not child.wait_until_settled(self._start_seconds + 10):
            raise BackendUnavailableError(f"the chat model {self.name} is still being loaded")
        if child.state != "ready" and child is not self._child:
            raise BackendUnavailableError(f"the chat model {self.name} was closed")
        if child.state != "ready":
            raise BackendUnavailableError(
                f"the chat model {self.name} cannot be used: {child.reason}",
                hint="kb doctor",
                model=self.name,
            )
        with self._lock:
            if self._client is None and child is self._child:
                self._connect(child)
        return child

    def _connect(self, child: ChatChild) -> None:
        from kb.llms.langchain import make_client

        self._client = make_client(
            base_url=f"{child.base_url}/v1",
            key=child.key,
            model=self.name,
            count=self.count_tokens,
            read_seconds=_READ_SECONDS,
            with_usage=True,
        )
        self._http = httpx.Client(
            base_url=child.base_url,
            headers={"Authorization": f"Bearer {child.key}"},
            trust_env=False,
            timeout=60.0,
        )

    def _drop_clients(self) -> None:
        if self._client is not None:
            self._client.root_client.close()
            self._client = None
        if self._http is not None:
            self._http.close()
            self._http = None
