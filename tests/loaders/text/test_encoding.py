"""Encodings are told by what the text looks like, never by a fixed order."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.text.encoding import decode, detect_encoding, detect_file_encoding, open_lines

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


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("之一", "gb18030"),
        ("姓名", "gb18030"),
        ("年度报告", "gb18030"),
        ("年度報告", "big5"),
        ("公司章程", "big5"),
        ("国家标准", "gb2312"),
        ("會議記錄", "gb18030"),
        ("第三十条", "utf-8"),
        ("格。\n第三十条", "utf-16-le"),
        ("示，中国大陆正在", "utf-16-le"),
        ("信托，属于公益信", "utf-16-be"),
        ("café", "utf-8"),
        ("naïve", "cp1252"),
        ("Москва", "utf-8"),
        ("説明書をよく", "shift_jis"),
    ],
)
def test_a_few_characters_are_enough(text: str, codec: str) -> None:
    assert decode(text.encode(codec))[0] == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("회의록: 다음 연도의 예산에 대해 논의하였다. 각 부서는 자료를 제출해야 한다.", "euc_kr"),
        ("이름,나이\n홍길동,25\n", "euc_kr"),
        ("회의록: 다음 연도의 예산에 대해 논의하였다.", "utf-16-le"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        ("Протокол заседания: обсуждался бюджет следующего года.", "koi8-r"),
        ("Протокол заседания: обсуждался бюджет следующего года.", "cp1251"),
        ("Протокол заседания: обсуждался бюджет следующего года.", "cp866"),
        ("Протокол заседания: обсуждался бюджет следующего года.", "utf-16-be"),
        ("Имя,Возраст\nИван,25\n", "cp1251"),
        ("Größe und Maß der Straße: für Übungen möglich.", "cp1252"),
        ("Zażółć gęślą jaźń. Każdy dział złoży sprawozdanie.", "cp1250"),
        ("Zażółć gęślą jaźń. Każdy dział złoży sprawozdanie.", "iso8859-2"),
        ("Πρακτικά της συνεδρίασης: συζητήθηκε ο προϋπολογισμός.", "iso8859-7"),
        ("محضر الاجتماع: تمت مناقشة ميزانية العام المقبل", "cp1256"),
        ("Toplantı tutanağı: gelecek yılın bütçesi görüşüldü.", "cp1254"),
    ],
)
def test_other_scripts_are_told_from_chinese(text: str, codec: str) -> None:
    assert decode(text.encode(codec))[0] == text


@pytest.mark.parametrize(
    "text", ["托盘", "煤炭,铁矿", "张三 李四 王五 赵六 钱七 孙八", "鹏程,雀巢"]
)
def test_few_chinese_characters_are_no_other_script(text: str) -> None:
    assert decode(text.encode("gb18030")) == (text, "gb18030")


def test_big5_and_gbk_of_one_text_are_told_apart() -> None:
    for size in (12, 40, 200):
        text = (TRADITIONAL * 6)[:size]
        assert decode(text.encode("big5"))[0] == text
        assert decode(text.encode("gbk"))[0] == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Протокол", "koi8-r"),
        ("Отчёт", "windows-1251"),
        ("รายงานการประชุม", "tis-620"),
        ("נדון התקציב", "windows-1255"),
        ("회의록", "euc-kr"),
    ],
)
def test_a_seldom_claimed_encoding_is_believed(text: str, codec: str) -> None:
    assert decode(text.encode(codec), hint=codec)[0] == text


def test_chinese_is_read_as_such_whatever_alphabet_it_claims() -> None:
    assert decode((SIMPLIFIED * 2).encode("gbk"), hint="iso-8859-2")[1] == "gb18030"


def test_what_calls_itself_gb2312_is_read_with_the_rare_characters_too() -> None:
    text = "朱镕基同志指出，要加强管理。"

    assert decode(text.encode("gbk"), hint="gb2312") == (text, "gb18030")
    assert decode(WESTERN.encode("cp1252"), hint="iso-8859-1") == (WESTERN, "cp1252")


def test_lines_of_two_encodings_in_turn_are_each_read_in_their_own(tmp_path: Path) -> None:
    path = tmp_path / "混.txt"
    lines = [SIMPLIFIED.encode("gbk" if number % 3 else "utf-8") for number in range(30)]
    path.write_bytes(b"".join(lines))

    name = detect_file_encoding(path)

    assert name is not None
    assert list(open_lines(path, name)) == [SIMPLIFIED] * 30


def test_a_long_line_comes_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "长.txt").write_text("一二三四五六七\n八九", "utf-8")

    pieces = list(open_lines(tmp_path / "长.txt", "utf-8", longest=3))

    assert pieces == ["一二三", "四五六", "七\n", "八九"]
