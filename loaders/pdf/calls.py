"""Calls into PDFium that a page needs thousands of: one for each character, or part of a drawing.

Most of the time of such a call is Python's. Taking plain numbers for handles and addresses, keeping
the interpreter's lock, and being called by `map`, it is two to three times as fast as the same
function of pypdfium2, which makes structures for each.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, cast


def quick(function: object, result: Any, *arguments: Any) -> Callable[..., Any]:
    """Return a function of pypdfium2's raw interface with these plain types in place of its own."""
    return ctypes.PYFUNCTYPE(result, *arguments)(number_of(function))


def number_of(handle: object) -> int:
    """Return the number behind a handle or function of the raw interface."""
    return ctypes.cast(cast("Any", handle), ctypes.c_void_p).value or 0
