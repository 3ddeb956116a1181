"""Stand-ins for modules that Unstructured imports and hardly ever uses.

They hold off nine tenths of what its first import costs.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any


@contextlib.contextmanager
def imported_late(*names: str) -> Iterator[None]:
    """Have modules imported in the block take those named when they first use them.

    Modules that are there already stay as they are.
    """
    made = {name: _late(name) for name in names if name not in sys.modules}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, module in made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def without_telemetry() -> None:
    """Put a module that reports nothing in the place of the one that would, unless it is there."""
    name = "unstructured.telemetry"
    if name not in sys.modules:
        silent = ModuleType(name)
        vars(silent)["__getattr__"] = _silent
        sys.modules[name] = silent


def _late(name: str) -> ModuleType:
    module = ModuleType(name)

    def attribute(wanted: str) -> Any:
        if sys.modules.get(name) is module:
            del sys.modules[name]
        return getattr(importlib.import_module(name), wanted)

    # PEP 562 looks for it among the names of the module.
    vars(module)["__getattr__"] = attribute
    return module


def _silent(name: str) -> Callable[..., Callable[[Any], Any]]:
    if name.startswith("__"):
        raise AttributeError(name)
    return _nothing


def _nothing(*_arguments: object, **_named: object) -> Callable[[Any], Any]:
    """Serve as a call without effect and as a maker of decorators that change nothing."""
    return lambda decorated: decorated
