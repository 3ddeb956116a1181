from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from app.setup import system
from loaders.office import libreoffice


@pytest.fixture(scope="session")
def office() -> Iterator[None]:
    """Say that a test needs LibreOffice; one is kept running for all of them."""
    absent = system.missing(system.OFFICE)
    if absent:
        sentence = f"system packages missing: {' '.join(absent)}"
        if os.environ.get("ZHIKU_REQUIRE_ALL") == "1":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    yield
    libreoffice.close()
