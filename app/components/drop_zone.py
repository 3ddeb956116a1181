"""A drop zone for files and folders that streams them to the server, not through Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st

from app.accepted import accepted_words
from app.components.frame import language, texts
from app.state import workspace

_ASSETS = Path(__file__).resolve().parent
_TEXTS = (
    "title",
    "hint",
    "files",
    "folder",
    "cancel",
    "progress",
    "finishing",
    "done",
    "cancelled",
    "failed",
    "too_large",
    "offline",
    "more",
    "empty",
    "leave",
)


@dataclass(frozen=True, slots=True)
class FinishedUpload:
    """An upload that has become a job."""

    job_id: str
    uploaded: int
    failed: int


def drop_zone(kb_id: str, *, key: str) -> FinishedUpload | None:
    """Draw the drop zone of a knowledge base; return what was just uploaded, once."""
    say = texts()
    formats = accepted_words(language())
    result = _component()(
        key=key,
        data={
            "url": f"/api/knowledge-bases/{quote(kb_id, safe='')}/uploads",
            "language": language(),
            "maxMegabytes": workspace().settings.max_file_mb,
            "texts": {name: say(f"drop.{name}", formats=formats) for name in _TEXTS},
        },
        on_finished_change=_nothing,
    )
    finished: dict[str, Any] | None = result.finished
    if not finished:
        return None
    return FinishedUpload(
        str(finished["jobId"]), int(finished["uploaded"]), int(finished["failed"])
    )


@cache
def _component() -> Any:
    """Register the component, once in the life of the process."""
    return st.components.v2.component(
        "zhiku_drop_zone",
        html=(_ASSETS / "drop_zone.html").read_text(encoding="utf-8"),
        css=(_ASSETS / "drop_zone.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "drop_zone.js").read_text(encoding="utf-8"),
    )


def _nothing() -> None:
    """Stand in as the callback that makes ``result.finished`` exist."""
