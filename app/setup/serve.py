"""Start the server, say when it answers, and stop it with the person."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path

from app.setup.child import child_environment, stop
from app.setup.console import Console
from app.setup.errors import SetupError
from app.setup.messages import say
from app.setup.places import Places

_POLL_SECONDS = 0.05
_PROBE_SECONDS = 2.0
_STOP_SECONDS = 15.0
_ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 -- compared with, not bound


def serve(places: Places, console: Console, *, host: str, port: int, browser: bool) -> int:
    """Run the server until it ends or the person stops it; return its exit code.

    Raises:
        SetupError: the address cannot be used.
    """
    local = "127.0.0.1" if host in _ANYWHERE else host
    if port and _answers(local, port):
        console.note(say("already_running", address=_address(local, port)))
        if browser:
            _open_browser(_address(local, port))
        return 0
    port = _usable_port(host, port)
    command: list[str | Path] = [places.python, "-m", "app.server"]
    process = subprocess.Popen(
        [*command, "--host", host, "--port", str(port)],
        cwd=places.root,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        text=True,
        # A Ctrl-C at the terminal reaches only us, so that the server is stopped once and in order.
        start_new_session=True,
    )
    try:
        if _wait_until_ready(process, console, local, port):
            address = _address(local, port)
            console.note(say("ready", address=address))
            if browser:
                _open_browser(address)
            return _exit_code(process.wait())
        code = _exit_code(process.wait())
        raise SetupError("server_failed", code=code)
    except KeyboardInterrupt:
        console.leave()
        console.note(say("stopping"))
        code = stop(process, seconds=_STOP_SECONDS)
        console.note(say("stopped"))
        # Ended by the signal that we sent: that is how it was meant.
        return 0 if code == -signal.SIGTERM else _exit_code(code)
    finally:
        if process.poll() is None:
            stop(process, seconds=_STOP_SECONDS)


def has_display() -> bool:
    """Tell whether a browser window can be opened here."""
    if os.environ.get("CI"):
        return False
    if os.name == "nt" or sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _wait_until_ready(
    process: subprocess.Popen[str], console: Console, host: str, port: int
) -> bool:
    while process.poll() is None:
        if _answers(host, port):
            return True
        console.tick(say("waiting_server"))
        time.sleep(_POLL_SECONDS)
    return False


def _answers(host: str, port: int) -> bool:
    """Tell whether Zhiku answers there: its health page is a JSON object."""
    # Imported late: these take longer to load than the rest of a start, which the server's own
    # start then hides.
    import http.client
    import json

    connection = http.client.HTTPConnection(host, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        return answer.status == 200 and isinstance(json.loads(answer.read()), dict)
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _usable_port(host: str, port: int) -> int:
    """Check that the port can be had, or choose a free one for 0."""
    try:
        return _bind(host, port)
    except socket.gaierror as exc:
        raise SetupError("bad_host", host=host, problem=exc.strerror) from exc
    except OSError as exc:
        try:
            other = _bind(host, 0)
        except OSError:
            raise SetupError("bad_host", host=host, problem=exc.strerror) from exc
        raise SetupError("port_taken", port=port, other=other) from exc


def _bind(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        found: int = probe.getsockname()[1]
        return found


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open_browser(address: str) -> None:
    if has_display():
        # Some launchers return only when the browser is closed.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code
