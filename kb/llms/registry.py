"""The chat backends by name, and which of them this machine can run."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from kb.errors import BackendUnavailableError
from kb.llms.base import LocalChatModel
from kb.models.table import ChatModel, LoadOptions


@dataclass(frozen=True, slots=True)
class ChatBackend:
    """A backend: the class that runs it, the packages it needs, the command that brings them."""

    name: str
    target: str
    packages: tuple[str, ...]
    install_command: str = "python3 -m app setup"

    def is_installed(self) -> bool:
        """Tell whether the packages can be found, without importing them."""
        return all(
            sys.modules.get(package, ...) is not None
            and importlib.util.find_spec(package) is not None
            for package in self.packages
        )


BACKENDS: dict[str, ChatBackend] = {
    backend.name: backend
    for backend in (
        ChatBackend("llama_cpp", "kb.llms.llama_cpp:LlamaCppModel", ("llama_cpp",)),
        ChatBackend("xllamacpp", "kb.llms.xllamacpp:XLlamaCppModel", ("xllamacpp",)),
        ChatBackend(
            "chatglm_cpp",
            "kb.llms.chatglm_cpp:ChatGLMCppModel",
            ("chatglm_cpp",),
            "python3 -m app setup --chatglm",
        ),
        ChatBackend(
            "transformers",
            "kb.llms.transformers:TransformersModel",
            ("torch", "transformers"),
            "python3 -m app setup --transformers",
        ),
    )
}

_ALTERNATIVES: dict[str, tuple[str, ...]] = {
    # Compiled for this processor, the first prompt is read nearly twice as fast as by the wheel.
    "llama_cpp": ("llama_cpp", "xllamacpp"),
    "xllamacpp": ("xllamacpp", "llama_cpp"),
}


def available_backend(model: ChatModel) -> str:
    """Return the name of the best installed backend that runs this model.

    Raises:
        BackendUnavailableError: none is installed; the hint is the command that installs one.
    """
    if model.backend not in BACKENDS:
        raise _unknown(model.backend)
    backends = [BACKENDS[name] for name in _ALTERNATIVES.get(model.backend, (model.backend,))]
    for backend in backends:
        if backend.is_installed():
            return backend.name
    command = backends[0].install_command
    packages = " or ".join(" and ".join(backend.packages) for backend in backends)
    raise BackendUnavailableError(
        f"the chat model {model.name} needs {packages}: {command}", hint=command, model=model.name
    )


def open_model(
    backend: str,
    path: Path,
    *,
    context_length: int,
    threads: int,
    options: LoadOptions | None = None,
) -> LocalChatModel:
    """Load a model file or folder into this process.

    Raises:
        BackendUnavailableError: the backend is unknown or its package or the file cannot be used.
    """
    if backend not in BACKENDS:
        raise _unknown(backend)
    module, _, name = BACKENDS[backend].target.partition(":")
    opened = getattr(import_module(module), name)(
        path, context_length=context_length, threads=threads, options=options or LoadOptions()
    )
    return cast(LocalChatModel, opened)


def _unknown(backend: str) -> BackendUnavailableError:
    return BackendUnavailableError(
        f"unknown chat backend {backend}; known: {', '.join(sorted(BACKENDS))}"
    )
