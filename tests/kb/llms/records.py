"""Model records and messages that several tests use."""

from __future__ import annotations

from pathlib import Path

from kb.llms.base import ChatMessage
from kb.models.table import ChatModel


def chat_model(path: str, *, backend: str = "llama_cpp", context_length: int = 4096) -> ChatModel:
    """Describe a chat model file."""
    return ChatModel(
        name=Path(path).stem,
        backend=backend,
        licence="",
        size=0,
        context_length=context_length,
        path=path,
    )


def ask(text: str) -> list[ChatMessage]:
    """Make a chat of one question."""
    return [ChatMessage("user", text)]
