"""The one workspace of this process, shared by the routes and the pages."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kb.errors import BackendUnavailableError

if TYPE_CHECKING:
    from kb.exam.run import Exams
    from kb.workspace import Workspace

# Opening takes a moment after the port answers; who comes first waits for it.
_WAIT_SECONDS = 60.0


class _Shared:
    """Holds the workspace once it is open, and its exams once somebody asks for them."""

    def __init__(self) -> None:
        self.workspace: Workspace | None = None
        self.exams: Exams | None = None
        self.changed = threading.Condition()


_shared = _Shared()


def set_workspace(workspace: Workspace | None) -> None:
    """Share an open workspace with every page; None takes it back and stops its exams."""
    with _shared.changed:
        _shared.workspace = workspace
        former, _shared.exams = _shared.exams, None
        _shared.changed.notify_all()
    if former is not None:
        former.close()


def is_open() -> bool:
    """Tell whether the workspace is there; never waits."""
    return _shared.workspace is not None


def workspace() -> Workspace:
    """Return the open workspace, waiting for a server that is just starting.

    Raises:
        BackendUnavailableError: it is not opened in time.
    """
    with _shared.changed:
        _shared.changed.wait_for(is_open, timeout=_WAIT_SECONDS)
        if _shared.workspace is None:
            raise BackendUnavailableError("the data folder is not open", hint="kb serve")
        return _shared.workspace


def exams() -> Exams:
    """Return the exams of the open workspace.

    Raises:
        BackendUnavailableError: the workspace is not opened in time.
    """
    # Imported here: the operations below look for the workspace in this module.
    from app.examining import open_exams

    opened = workspace()
    with _shared.changed:
        if _shared.exams is None:
            _shared.exams = open_exams(opened)
        return _shared.exams
