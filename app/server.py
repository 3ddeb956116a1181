"""The server: pages, /api and /v1 in one process on one port."""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import secrets
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.client import (
    ServerAddress,
    find_server,
    read_server_file,
    remove_server_file,
    write_server_file,
)
from app.guard import Guard, is_loopback
from app.messages import of_error
from app.state import exams, set_workspace
from app.strings import Language, text
from kb.errors import BusyError, KBError, SettingsError
from kb.settings import Settings, load_settings

if TYPE_CHECKING:
    from streamlit.web.server.starlette import App

    from kb.workspace import Workspace

logger = logging.getLogger(__name__)

# malloc.h of glibc.
_M_ARENA_MAX = -8

PAGES = Path(__file__).resolve().parent / "main.py"

# What Streamlit is told; the look of the pages is in .streamlit/config.toml beside the script.
# Its environment variables are read by its own command line only, so they would not do.
_STREAMLIT: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.showEmailPrompt": False,
    # Documents come in through /api; only the questions of an exam pass through Streamlit's memory.
    "server.maxUploadSize": 8,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "runner.magicEnabled": False,
    "logger.level": "warning",
    "logger.hideWelcomeMessage": True,
}

# Open pages hold their socket for ever; the server ends without waiting longer for them.
_GRACE_SECONDS = 3


class HostRefusedError(SettingsError):
    """The server would be open to other machines. Params: ``host``."""

    code = "host_refused"


class PortTakenError(SettingsError):
    """The port cannot be bound. Params: ``port``, ``problem``."""

    code = "port_taken"


def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; ``on_ready`` gets the address that answers from then on.

    Raises:
        HostRefusedError: the host is not this machine.
        PortTakenError: the port cannot be had.
        BusyError: another process holds the data folder.
    """
    if not is_loopback(settings.host):
        # Until people can be told apart, nobody else may reach the documents.
        raise HostRefusedError(f"{settings.host} is not a loopback address", host=settings.host)
    _refuse_second_server(settings)
    listener = _listen(settings.host, settings.port)
    try:
        _run(settings, listener, on_ready)
    finally:
        listener.close()


def create_app(
    settings: Settings, address: ServerAddress, *, on_failure: Callable[[Exception], None]
) -> App:
    """Build the ASGI application; it opens the workspace when it starts, and closes it at its end.

    The workspace is opened after the port answers; ``on_failure`` hears when that is impossible.
    """
    from starlette.middleware import Middleware
    from starlette.routing import Mount
    from streamlit import config
    from streamlit.web.server.starlette import App

    from app.api.application import create_api, create_openai_api

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        from anyio import to_thread

        opening = _Opening(settings, address, on_failure)
        opening.start()
        try:
            yield
        finally:
            await to_thread.run_sync(opening.close)

    language, token = settings.language, address.token
    api = create_api(language=language, token=token, instance=address.instance)
    app = App(
        PAGES,
        routes=[
            Mount("/api", app=api),
            Mount("/v1", app=create_openai_api(language=language, token=token)),
        ],
        middleware=[
            Middleware(
                Guard, token=token, loopback_only=is_loopback(settings.host), language=language
            )
        ],
        lifespan=lifespan,
        on_script_error=_page_failed,
    )
    # After the App is made, which is what finds the script's own .streamlit/config.toml.
    config.get_config_options(force_reparse=True, options_from_flags=_STREAMLIT)
    return app


class _Opening(threading.Thread):
    """Opens the workspace beside the running server, and loads what the first question needs."""

    def __init__(
        self, settings: Settings, address: ServerAddress, on_failure: Callable[[Exception], None]
    ) -> None:
        super().__init__(name="opening", daemon=True)
        self._settings = settings
        self._address = address
        self._on_failure = on_failure
        self._workspace: Workspace | None = None
        self._closing = threading.Event()

    def run(self) -> None:
        """Open, share, warm up."""
        try:
            # Imported here: it takes longer than all the rest of the server.
            from kb.workspace import Workspace

            self._workspace = Workspace.open(self._settings)
            write_server_file(self._settings.home, self._address)
        except Exception as exc:  # noqa: BLE001 - the server ends and raises it to its caller
            self._on_failure(exc)
            return
        set_workspace(self._workspace)
        try:
            exams().resume_interrupted()
            self._workspace.watch_folders()
            self._workspace.warm_up(self._closing.is_set)
        except Exception:
            # Whoever asks meets the same failure, as a sentence.
            logger.exception("could not load what the first question needs")

    def close(self) -> None:
        """Take the workspace back and close it."""
        self._closing.set()
        remove_server_file(self._settings.home, self._address.instance)
        set_workspace(None)
        self.join()
        if self._workspace is not None:
            self._workspace.close()


def set_up_logging(level: str) -> None:
    """Log to stderr; the libraries below only from warnings on."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for name in ("uvicorn", "uvicorn.access", "httpx", "httpx2", "httpcore", "watchdog", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def main(arguments: list[str] | None = None) -> int:
    """Run the server from ``python3 -m app.server``; return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m app.server")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
        changes = {name: value for name, value in vars(given).items() if value is not None}
        settings = settings.model_copy(update=changes)
        set_up_logging(settings.log_level)
        _share_arenas()
        serve(settings, on_ready=lambda url: logger.info("serving at %s", url))
    except KBError as exc:
        language: Language = "en" if os.environ.get("KB_LANGUAGE") == "en" else "zh"
        message = of_error(exc, language)
        sys.stderr.write(f"{message.text}\n" + (f"{message.hint}\n" if message.hint else ""))
        return 1
    return 0


def _share_arenas() -> None:
    """Let all threads allocate from the same two places.

    glibc gives each of some fifty threads a place of its own, which keeps what was freed in it: 40
    files taken in after the other left 890 MB instead of 670.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, 2)


def _run(
    settings: Settings, listener: socket.socket, on_ready: Callable[[str], None] | None
) -> None:
    import uvicorn

    url = _url(settings.host, listener.getsockname()[1])
    address = ServerAddress(
        url=url, token=secrets.token_urlsafe(32), instance=secrets.token_hex(8), pid=os.getpid()
    )
    failures: list[Exception] = []

    def fail(error: Exception) -> None:
        failures.append(error)
        server.should_exit = True

    app = create_app(settings, address, on_failure=fail)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ws_max_size=64 << 20,
        )
    )
    if on_ready is not None:
        # The port is taken already: whoever asks from now on gets an answer.
        on_ready(url)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # Uvicorn has ended in order and raises the signal again for its caller.
        logger.info("stopped")
    if failures:
        raise failures[0]


def _refuse_second_server(settings: Settings) -> None:
    running = find_server(settings.home, settings.language)
    if running is not None:
        running.close()
        raise BusyError(
            f"a server for {settings.home} runs at {running.address.url}",
            path=str(settings.home),
            hint=text("hint.server_running", settings.language, url=running.address.url),
        )
    stale = read_server_file(settings.home)
    if stale is not None:
        logger.info("the server of process %s has ended without cleaning up", stale.pid)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port at once, so that nobody else gets it while the server starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as exc:
        listener.close()
        raise PortTakenError(
            f"port {port} of {host} cannot be used: {exc}",
            port=port,
            problem=exc.strerror or str(exc),
        ) from exc
    listener.setblocking(False)
    return listener


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _page_failed(error: Exception) -> bool:
    """Log an error that a page did not expect and show a sentence instead of a traceback."""
    from app.components.frame import show_error

    if not isinstance(error, KBError):
        logger.error("a page failed", exc_info=error)
    show_error(error)
    return True


if __name__ == "__main__":
    sys.exit(main())
