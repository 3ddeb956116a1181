"""Every setting, once: name, default, meaning.

Settings come from the environment (prefix ``KB_``) and are passed explicitly; nothing reads them
at import. What belongs to one knowledge base (embedder, top-k, threshold, prompt) stands in the
catalog.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb.answer_types import AnswerLanguage
from kb.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent
_DEFAULT_HOME = PROJECT / "knowledge_bases"


class Settings(BaseSettings):
    """Zhiku's settings; every field is the environment variable ``KB_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="KB_", extra="forbid", frozen=True)

    home: Annotated[Path, Field(description="data folder; must be on a local disk")] = _DEFAULT_HOME
    models: Annotated[Path, Field(description="model files; independent of the data folder")] = (
        _DEFAULT_HOME / "models"
    )
    host: Annotated[str, Field(description="address the server listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port of the server; 0: a free one")] = (
        8501
    )
    language: Annotated[
        Literal["zh", "en"], Field(description="language of pages, messages and commands")
    ] = "zh"
    answer_language: Annotated[
        AnswerLanguage, Field(description="language of answers; auto: that of the question")
    ] = "auto"
    embedder: Annotated[str, Field(description="embedder of new knowledge bases")] = "e5-small"
    chat_model: Annotated[
        str, Field(description="chat model; empty: the one chosen by `kb models use`")
    ] = ""
    threads: Annotated[
        int, Field(ge=0, description="threads for each model; 0: the number of physical cores")
    ] = 0
    parse_workers: Annotated[int, Field(ge=1, le=16, description="parsing processes")] = 2
    parse_seconds: Annotated[
        int, Field(ge=1, description="longest time to the next part of a file")
    ] = 600
    parse_memory_mb: Annotated[int, Field(ge=256, description="memory limit of one of them")] = 2048
    max_file_mb: Annotated[int, Field(ge=1, description="largest file that is taken in")] = 300
    max_pages: Annotated[int, Field(ge=1, description="pages read of one document")] = 5000
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="how much is logged")
    ] = "INFO"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a ``KB_…`` variable is unknown or has an impossible value.
    """
    known = {f"KB_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith("KB_") and name not in known)
    if unknown:
        raise SettingsError(
            f"unknown setting {unknown[0]}; known: {', '.join(sorted(known))}", name=unknown[0]
        )
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "KB_" + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg']}", name=name, problem=first["msg"]) from exc
