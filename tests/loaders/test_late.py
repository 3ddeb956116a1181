"""Modules that come only when they are used."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

from loaders._late import imported_late


def test_module_comes_when_it_is_first_used(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with imported_late("colorsys"):
        import colorsys as held
    assert "colorsys" not in sys.modules

    assert held.rgb_to_hsv(0, 0, 1)[2] == 1
    assert "colorsys" in sys.modules


def test_module_used_within_the_block_is_the_true_one(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with imported_late("colorsys"):
        from colorsys import rgb_to_hsv
    import colorsys

    assert rgb_to_hsv is colorsys.rgb_to_hsv


def test_module_that_is_there_stays(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    there = ModuleType("colorsys")
    monkeypatch.setitem(sys.modules, "colorsys", there)
    with imported_late("colorsys"):
        pass

    assert sys.modules["colorsys"] is there


def test_unstructured_goes_on_working_beside_the_loaders() -> None:
    program = """
import sys
import loaders._unstructured
assert not {"requests", "asyncio"} & sys.modules.keys()
from unstructured.chunking.title import chunk_by_title
from unstructured.partition.text_type import is_bulleted_text
from unstructured.partition.html import partition_html
from loaders._unstructured import make_element
chunks = chunk_by_title([make_element("One", "Title"), make_element("Two.")])
print([chunk.text for chunk in chunks], [each.text for each in partition_html(text="<p>Hello</p>")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout.strip() == "['One\\n\\nTwo.'] ['Hello']", done.stderr
