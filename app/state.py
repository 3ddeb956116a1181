"""The one workspace of this process, shared by the routes and the pages."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kb.errors import BackendUnavailableError

if TYPE_CHECKING:
    from kb.workspace import Workspace

# Opening takes a moment after the port answers; who comes first waits for it.
_WAIT_SECONDS = 60.0


class _Shared:
    """Holds the workspace once it is open."""

    def __init__(self) -> None:
        self.workspace: Workspace | None = None
        self.changed = threading.Condition()


_shared = _Shared()


def set_workspace(workspace: Workspace | None) -> None:
    """Share an open workspace with every page; None takes it back."""
    with _shared.changed:
        _shared.workspace = workspace
        _shared.changed.notify_all()


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
