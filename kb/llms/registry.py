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
from kb.models.table import ChatModel


@dataclass(frozen=True, slots=True)
class ChatBackend:
    """A backend: the class that runs it, the package it needs, the requirement that brings it."""

    name: str
    target: str
    package: str
    requirement: str
    remark: str = ""

    @property
    def install_command(self) -> str:
        """The command that makes this backend available."""
        command = f"{sys.executable} -m pip install {self.requirement}"
        return f"{command} ({self.remark})" if self.remark else command

    def is_installed(self) -> bool:
        """Tell whether the package can be found, without importing it."""
        return (
            sys.modules.get(self.package, ...) is not None
            and importlib.util.find_spec(self.package) is not None
        )


BACKENDS: dict[str, ChatBackend] = {
    backend.name: backend
    for backend in (
        ChatBackend(
            "llama_cpp",
            "kb.llms.llama_cpp:LlamaCppModel",
            "llama_cpp",
            "llama-cpp-python==0.3.36",
            "needs a C++ compiler",
        ),
        ChatBackend("xllamacpp", "kb.llms.xllamacpp:XLlamaCppModel", "xllamacpp", "xllamacpp"),
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
        BackendUnavailableError: none is installed; the hint holds the commands that install one.
    """
    backends = [BACKENDS[name] for name in _alternatives(model)]
    for backend in backends:
        if backend.is_installed():
            return backend.name
    commands = ", or ".join(backend.install_command for backend in backends)
    raise BackendUnavailableError(
        f"the chat model {model.name} needs one of the packages "
        f"{', '.join(backend.package for backend in backends)}: {commands}",
        hint=commands,
        model=model.name,
    )


def open_model(backend: str, path: Path, *, context_length: int, threads: int) -> LocalChatModel:
    """Load a model file into this process.

    Raises:
        BackendUnavailableError: the backend is unknown or its package or the file cannot be used.
    """
    if backend not in BACKENDS:
        raise _unknown(backend)
    module, _, name = BACKENDS[backend].target.partition(":")
    opened = getattr(import_module(module), name)(
        path, context_length=context_length, threads=threads
    )
    return cast(LocalChatModel, opened)


def _alternatives(model: ChatModel) -> tuple[str, ...]:
    if model.backend not in _ALTERNATIVES:
        raise _unknown(model.backend)
    return _ALTERNATIVES[model.backend]


def _unknown(backend: str) -> BackendUnavailableError:
    return BackendUnavailableError(
        f"unknown chat backend {backend}; known: {', '.join(sorted(BACKENDS))}"
    )
