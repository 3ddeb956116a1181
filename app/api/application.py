"""The two applications that the server mounts: /api and /v1."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI, Request

from app.api import (
    asking,
    backups,
    data_folder,
    folders,
    jobs,
    knowledge_bases,
    model_routes,
    openai,
    uploads,
)
from app.api.models import HealthModel
from app.api.problems import install_handlers
from app.state import is_open, workspace
from app.strings import Language


def create_api(*, language: Language, token: str, instance: str) -> FastAPI:
    """Build the application for /api; ``instance`` tells this server from any other on the port."""
    app = _application("Zhiku", language=language, token=token)
    app.state.instance = instance
    for module in (
        knowledge_bases,
        folders,
        uploads,
        asking,
        jobs,
        model_routes,
        backups,
        data_folder,
    ):
        app.include_router(module.router)

    @app.get("/health", tags=["server"])
    def health(request: Request) -> HealthModel:
        """Say that the server answers, and how its chat model is; never waits."""
        instance = request.app.state.instance
        if not is_open():
            return HealthModel(version=app.version, instance=instance, chat_state="loading")
        chat = workspace().engines.chat()
        state = chat.state
        return HealthModel(
            version=app.version,
            instance=instance,
            chat_model=chat.name,
            chat_state=state.name,
            chat_reason=state.reason,
        )

    return app


def create_openai_api(*, language: Language, token: str) -> FastAPI:
    """Build the application for /v1, which speaks the OpenAI protocol."""
    app = _application("Zhiku, OpenAI protocol", language=language, token=token)
    app.state.openai_errors = True
    app.include_router(openai.router)
    return app


def _application(title: str, *, language: Language, token: str) -> FastAPI:
    # The documentation pages load their scripts from the internet; the schema itself is served.
    app = FastAPI(title=title, version=_version(), docs_url=None, redoc_url=None)
    app.state.language = language
    app.state.token = token
    install_handlers(app)
    return app


def _version() -> str:
    try:
        return version("zhiku")
    except PackageNotFoundError:
        return "0"
