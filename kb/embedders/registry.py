"""The embedding backends by name, and how one is opened."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from kb.embedders.base import Embedder
from kb.errors import BackendUnavailableError, NotFoundError
from kb.models.machine import physical_cores
from kb.models.table import EmbedderModel, model_path


@dataclass(frozen=True, slots=True)
class EmbedderBackend:
    """A backend: the class that runs it, the packages it needs, the command that brings them."""

    name: str
    target: str
    packages: tuple[str, ...]
    install_command: str = "python3 -m app setup"

    def missing(self) -> tuple[str, ...]:
        """Return the packages that cannot be found; imports nothing."""
        return tuple(package for package in self.packages if not _is_installed(package))


BACKENDS: dict[str, EmbedderBackend] = {
    backend.name: backend
    for backend in (
        EmbedderBackend(
            "onnx",
            "kb.embedders.onnx:OnnxEmbedder",
            ("onnxruntime", "tokenizers"),
        ),
        EmbedderBackend(
            "sentence_transformers",
            "kb.embedders.sentence_transformers:SentenceTransformerEmbedder",
            ("torch", "sentence_transformers"),
            "python3 -m app setup --transformers",
        ),
        EmbedderBackend("openai", "kb.embedders.openai:OpenAIEmbedder", ("httpx",)),
    )
}


def open_embedder(model: EmbedderModel, *, folder: Path, threads: int = 0) -> Embedder:
    """Open an embedder.

    A server's address is the record's ``path``, its key the environment's ``OPENAI_API_KEY``.

    Args:
        model: a record of the table or of the register.
        folder: the models folder.
        threads: how many threads it may use; 0: the number of physical cores.

    Raises:
        NotFoundError: the record names a backend that does not exist.
        BackendUnavailableError: a package or the model's files are not here; the hint tells how to
            get them.
    """
    backend = BACKENDS.get(model.backend)
    if backend is None:
        raise NotFoundError(
            f"{model.name} names the backend {model.backend!r}; known: {', '.join(BACKENDS)}",
            kind="embedding backend",
            name=model.backend,
            known=tuple(BACKENDS),
        )
    if missing := backend.missing():
        raise BackendUnavailableError(
            f"the embedder {model.name} needs {', '.join(missing)}: {backend.install_command}",
            hint=backend.install_command,
            model=model.name,
        )
    options: dict[str, Any]
    if backend.name == "openai":
        options = {"api_base_url": model.path, "api_key": os.environ.get("OPENAI_API_KEY", "")}
    else:
        options = {"path": model_path(model, folder), "threads": threads or physical_cores()}
    module, _, name = backend.target.partition(":")
    embedder: Embedder = getattr(import_module(module), name)(model, **options)
    return embedder


def _is_installed(package: str) -> bool:
    # A package set to None in sys.modules is hidden: importing it fails.
    if package in sys.modules:
        return sys.modules[package] is not None
    return importlib.util.find_spec(package) is not None
