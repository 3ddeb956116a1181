"""Encodings are told by what the text looks like, never by a fixed order."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.encoding import decode, detect_encoding, detect_file_encoding, open_lines

SIMPLIFIED = "为了加强公司的财务管理，根据国家有关规定，制定本办法。各部门应当按照要求执行。\n"
TRADITIONAL = "為了加強公司的財務管理，根據國家有關規定，制定本辦法。各部門應當按照要求執行。\n"
JAPANESE = "この製品は安全のために、使用する前に説明書をよく読んでください。\n"
WESTERN = "Le café coûte très cher à Zürich, où l'été est déjà passé.\n"


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED + "𠮷", "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        ("plain English without a mark, long enough\n" * 3, "utf-16-le", "utf-16-le"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (WESTERN, "cp1252", "cp1252"),
        ("plain ASCII", "ascii", "utf-8"),
        ("物料,数量\n螺栓,1200\n", "gb18030", "gb18030"),
        ("煤炭,12.23,22.3\n铁矿,2.48,10.7\n锰矿,1.54,43.9\n", "gb18030", "gb18030"),
    ],
)
def test_text_comes_back_as_written(text: str, codec: str, name: str) -> None:
    assert decode(text.encode(codec)) == (text, name)


def test_invalid_bytes_in_the_middle_cost_only_themselves() -> None:
    data = (SIMPLIFIED * 5).encode("gb18030") + b"\xff\xff" + (SIMPLIFIED * 5).encode("gb18030")

    text, name = decode(data)

    assert name == "gb18030"
    assert text.startswith(SIMPLIFIED * 5)
    assert text.count("各部门应当按照要求执行") == 10


def test_file_half_utf8_half_gbk_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "半.txt"
    path.write_bytes((SIMPLIFIED * 3).encode() + (SIMPLIFIED * 3).encode("gbk"))

    name = detect_file_encoding(path)

    assert name == "utf-8+gb18030"
    assert list(open_lines(path, name)) == [SIMPLIFIED] * 6


def test_first_foreign_byte_may_come_late(tmp_path: Path) -> None:
    path = tmp_path / "晚.csv"
    path.write_bytes(b"a,b,c\n" * 400_000 + SIMPLIFIED.encode("gbk"))

    assert detect_file_encoding(path) == "gb18030"


def test_zero_bytes_do_not_make_a_table_binary() -> None:
    assert detect_encoding("项目,金额\n办公费,".encode() + bytes(50) + b"1200\n") == "utf-8"


@pytest.mark.parametrize("data", [bytes(range(1, 9)) * 64, bytes(100)])
def test_noise_has_no_encoding(data: bytes) -> None:
    assert detect_encoding(data) is None


def test_declared_encoding_wins_where_it_fits() -> None:
    assert decode(WESTERN.encode("iso8859-15"), hint="iso8859-15")[1] == "iso8859-15"
    assert decode(SIMPLIFIED.encode("gbk"), hint="big5")[1] == "gb18030"
    assert decode(SIMPLIFIED.encode("gbk"), hint="no-such-thing")[1] == "gb18030"
