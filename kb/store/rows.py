"""Turn columns of a row into the records that leave the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kb.types import Reason


def reason_of(code: str | None, params: Mapping[str, Any] | None) -> Reason | None:
    """Return the reason that two columns hold; None where there is none."""
    return Reason(code, params or {}) if code else None
