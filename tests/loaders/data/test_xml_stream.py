"""Where the records of an XML file lie, and its pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from loaders.data.xml_stream import XmlFile, unit_depth
from loaders.load import open_source


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("<a><b/><b/><b/><b/><b/></a>", 1),
        ("<a><h/><b><c/><c/><c/><c/><c/></b></a>", 2),
        ("<a>文字<b/></a>", 0),
        ("<a/>", 0),
    ],
)
def test_records_lie_below_the_first_element_with_several_children(text: str, depth: int) -> None:
    assert unit_depth(etree.fromstring(text)) == depth


def test_units_come_with_the_names_above_them(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<a><b>1</b><b>2</b><c/></a>", encoding="utf-8")
    units = list(XmlFile(open_source(path)).units(1))

    assert [(names, node.tag, node.text) for names, node in units] == [
        (("a",), "b", "1"),
        (("a",), "b", "2"),
        (("a",), "c", None),
        ((), "a", None),
    ]
