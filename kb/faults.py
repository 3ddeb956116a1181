"""Names what failed where no code of ours has: the disk, the catalog, or the program."""

from __future__ import annotations

import errno
from typing import Final

from sqlalchemy.exc import DBAPIError

from kb.errors import KBError
from kb.types import Reason

DISK_FAULTS: Final = (OSError, DBAPIError)
"""What a full, failing or read-only disk raises anywhere."""


def reason_of(error: BaseException) -> Reason:
    """Name an error: its own code, else that of what the disk says, else ``internal_error``."""
    if isinstance(error, KBError):
        return Reason(error.code, {**error.params, "message": str(error), "hint": error.hint})
    if isinstance(error, DBAPIError):
        said = str(error.orig)
        if "full" in said:
            return Reason("disk_full", {})
        if "readonly" in said or "unable to open" in said:
            return Reason("read_only", {})
        if "disk I/O" in said:
            return Reason("disk_failed", {"message": said})
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Reason("disk_full", {})
        if error.errno == errno.EROFS:
            return Reason("read_only", {"path": error.filename} if error.filename else {})
        message = error.strerror or str(error)
        if error.errno == errno.EIO:
            return Reason("disk_failed", {"message": message})
        return Reason("file_access", {"message": message, "path": error.filename})
    return Reason("internal_error", {"message": f"{type(error).__name__}: {error}"})
