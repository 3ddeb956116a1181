"""Every format read, against stored reference output, and with the network cut."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from loaders.errors import (
    DamagedFileError,
    EmptyFileError,
    LimitExceededError,
    UnsupportedFormatError,
)
from loaders.formats import Format, detect, formats_read, suffix_of
from loaders.limits import Limits
from loaders.load import load, records_of
from loaders.needs import lack_of
from loaders.records import ElementRecord, LoadSummary

DATA = Path(__file__).parent.parent / "data" / "loaders"
DOCUMENTS = sorted(path.with_suffix("").name for path in DATA.glob("*.*.json"))
# Places and confidences of what was read from a picture differ a little between processors.
_TOLERANCE = 0.01
# Read by the loader of another one; the two of XML are told by their content alone.
_LIKE_ANOTHER = ("xlsm", "wordml", "spreadsheetml")

_WITHOUT_NETWORK = """
import _socket, socket, sys

def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")

def connect(self, address):
    # LibreOffice, a program of this machine, listens on a file.
    if self.family != socket.AF_UNIX:
        refuse()
    _socket.socket.connect(self, address)

socket.socket.connect = connect
socket.socket.connect_ex = refuse
socket.create_connection = socket.getaddrinfo = refuse
from loaders.load import records_of
for path in sys.argv[1:]:
    print(len(list(records_of(path))))
assert not {"spacy", "unstructured.partition.text"} & sys.modules.keys()
"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_read_as_its_reference(name: str, request: pytest.FixtureRequest) -> None:
    entry = detect(DATA / name)
    if entry.programs:
        request.getfixturevalue("office")
    elif lack_of(entry):
        pytest.skip("the OCR is not installed")

    records = json.loads(json.dumps([asdict(record) for record in records_of(DATA / name)]))
    for record in records:
        if not record.get("within"):
            # Said only of files inside files.
            record.pop("within", None)

    expected = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    if entry.name == "image":
        places, expected_places = _fractions(records), _fractions(expected)
        assert places == pytest.approx(expected_places, abs=_TOLERANCE)
    assert records == expected


def _fractions(value: Any) -> list[float]:
    """Take the fractions, in their order, out of what JSON holds."""
    found: list[float] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        if isinstance(inner, float):
            found.append(inner)
            value[key] = None
        elif isinstance(inner, (dict, list)):
            found.extend(_fractions(inner))
    return found


@pytest.mark.parametrize("entry", formats_read(), ids=lambda entry: entry.name)
def test_every_format_has_a_reference(entry: Format) -> None:
    if entry.name not in _LIKE_ANOTHER:
        assert any(suffix_of(name) in entry.suffixes for name in DOCUMENTS)


def test_every_format_loads_in_a_fresh_process_without_network() -> None:
    names = [name for name in DOCUMENTS if not lack_of(detect(DATA / name))]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_NETWORK, *(str(DATA / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(DATA.parent.parent.parent), "PATH": ""},
    )

    assert done.stderr == ""
    expected = [len(json.loads((DATA / f"{name}.json").read_text("utf-8"))) for name in names]
    assert list(map(int, done.stdout.split())) == expected


def test_load_yields_unstructured_elements_with_their_metadata() -> None:
    first = next(iter(load(DATA / "handbook.pdf")))

    assert type(first).__name__ == "Title"
    assert first.metadata.page_number == 1
    assert first.metadata.coordinates is not None
    assert first.to_dict()["text"] == "差旅费管理办法"


def test_table_element_carries_html() -> None:
    table = next(element for element in load(DATA / "staff.tsv"))

    assert table.metadata.text_as_html == (
        "<table><tr><th>工号</th><th>姓名</th></tr><tr><td>001</td><td>张三</td></tr>"
        "<tr><td>002</td><td>李四</td></tr></table>"
    )


@pytest.mark.parametrize("name", ["空.txt", "空.pdf", "空.docx", "空.csv"])
def test_file_without_bytes_is_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(EmptyFileError):
        list(records_of(tmp_path / name))


@pytest.mark.parametrize("name", ["空.txt", "空.md", "空.csv", "空.html"])
def test_file_of_white_space_is_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(" \n\n \n")

    with pytest.raises(EmptyFileError):
        list(records_of(tmp_path / name))


def test_known_format_without_loader_is_unsupported(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "公文.ofd", "w") as archive:
        archive.writestr("OFD.xml", "<ofd/>")

    with pytest.raises(UnsupportedFormatError) as caught:
        list(records_of(tmp_path / "公文.ofd"))
    assert caught.value.params == {"format": "ofd"}


def test_text_under_a_binary_suffix_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "链接.docx").write_text("../某处/文件.docx", encoding="utf-8")

    with pytest.raises(DamagedFileError):
        list(records_of(tmp_path / "链接.docx"))


def test_true_name_decides_over_the_name_of_the_copy(tmp_path: Path) -> None:
    (tmp_path / "a1b2").write_text("甲,乙\n1,2\n", encoding="utf-8")

    summary = list(records_of(tmp_path / "a1b2", name="表.csv"))[-1]
    assert isinstance(summary, LoadSummary)
    assert summary.format == "csv"


def test_more_text_than_allowed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "长.txt").write_text(("很长的文字。" * 100 + "\n") * 4_000, encoding="utf-8")

    with pytest.raises(LimitExceededError) as caught:
        list(records_of(tmp_path / "长.txt", limits=Limits(output_mb=1)))
    assert caught.value.params["limit"] == "output"


def test_paragraphs_count_from_one() -> None:
    numbers = [
        record.paragraph
        for record in records_of(DATA / "notice.txt")
        if isinstance(record, ElementRecord)
    ]

    assert numbers == [1, 2, 3, 4, 5, 6]
