"""XML: records, texts, attributes, namespaces, entities, encodings, faults."""

from __future__ import annotations

from pathlib import Path

from loaders.records import TableRecord
from tests.loaders.reading import rows_and_peak, summary_of, tables_of, texts_of


def _written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


_ORDERS = """<?xml version="1.0" encoding="GB2312"?>
<订单列表 xmlns="http://example.org/orders"><标题>二月订单</标题>
<订单 编号="A1"><客户>甲公司</客户><金额 单位="元">100.50</金额></订单>
<订单 编号="A2"><客户>乙公司</客户><金额 单位="元">20</金额></订单></订单列表>"""


def test_repeated_records_become_a_table(tmp_path: Path) -> None:
    path = _written(tmp_path / "单.xml", _ORDERS, "gb18030")

    assert texts_of(path) == [("Title", "二月订单")]
    assert tables_of(path) == [
        TableRecord(
            ("编号", "客户", "金额", "金额.单位"),
            (("A1", "甲公司", "100.50", "元"), ("A2", "乙公司", "20", "元")),
            1,
            1,
            of_sheet=True,
        )
    ]
    assert summary_of(path).encoding == "gb18030"


def test_declared_encoding_that_is_wrong_does_no_harm(tmp_path: Path) -> None:
    path = _written(tmp_path / "单.xml", _ORDERS.replace("GB2312", "UTF-8"), "gb18030")

    assert tables_of(path)[0].rows[0][1] == "甲公司"


def test_documents_are_read_as_text(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "书.xml",
        "<book><chapter><title>总则</title><p>前文<b>粗</b>后文。</p><p>第二段。</p></chapter>"
        "<chapter><title>附则</title><author role='x'>张三</author><date>2024</date></chapter>"
        "</book>",
    )

    assert texts_of(path) == [
        ("Title", "总则"),
        ("NarrativeText", "前文粗后文。"),
        ("NarrativeText", "第二段。"),
        ("Title", "附则"),
        ("NarrativeText", "author: 张三\ndate: 2024"),
    ]


def test_attributes_that_say_something_are_text(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "属.xml",
        '<a xmlns:x="http://x"><b id="7" 说明="主泵" x:href="y">运行</b><c 名称="备用泵"/></a>',
    )

    assert texts_of(path) == [("NarrativeText", "b: 运行\nb.说明: 主泵\nc.名称: 备用泵")]


def test_records_below_other_parts_are_found(tmp_path: Path) -> None:
    rows = "".join(f"<row><name>名{n}</name><qty>{n}</qty></row>" for n in range(500))
    path = _written(
        tmp_path / "深.xml", f"<d><head>说明</head><data>{rows}</data><foot>结尾</foot></d>"
    )

    tables = tables_of(path)
    assert [(table.first_row, len(table.rows)) for table in tables] == [
        (1, 200),
        (201, 200),
        (401, 100),
    ]
    assert tables[0].header == ("name", "qty")
    assert texts_of(path) == [("Title", "说明"), ("NarrativeText", "foot: 结尾")]


def test_fields_are_called_what_an_attribute_says(tmp_path: Path) -> None:
    rows = "".join(
        f'<row><field name="姓名">职工{n}</field><field name="工资" unit="元">{n}</field></row>'
        for n in range(3)
    )
    path = _written(tmp_path / "库.xml", f"<resultset>{rows}</resultset>")

    assert tables_of(path)[0].header == ("姓名", "工资", "工资.unit")
    assert tables_of(path)[0].rows[2] == ("职工2", "2", "元")


def test_single_record_is_read_under_the_same_names(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "一.xml",
        '<r><row><field name="姓名">张三</field><field name="工资" unit="元">9</field></row></r>',
    )

    assert texts_of(path) == [("NarrativeText", "姓名: 张三\n工资: 9\n工资.unit: 元")]


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    secret = _written(tmp_path / "密.txt", "机密内容")
    path = _written(
        tmp_path / "体.xml",
        f'<!DOCTYPE a [<!ENTITY s SYSTEM "{secret.as_uri()}"><!ENTITY x "展开">'
        '<!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a><p>正文&s;&y;</p><p>又一段</p></a>',
    )

    text = " ".join(text for _, text in texts_of(path))
    assert "正文" in text
    assert "又一段" in text
    assert "机密" not in text
    assert "展开" not in text


def test_markup_inside_a_text_is_taken_off(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "闻.xml",
        "<rss><channel><description><![CDATA[<p>上调<b>利率</b></p>]]></description></channel></rss>",
    )

    assert texts_of(path) == [("NarrativeText", "description: 上调利率")]


def test_broken_file_is_read_up_to_the_fault(tmp_path: Path) -> None:
    path = _written(tmp_path / "断.xml", "<a><b>一</b><c>二</c><d>三")

    assert texts_of(path) == [("NarrativeText", "b: 一\nc: 二\nd: 三")]
    assert summary_of(path).missing == "rest_unreadable"


def test_text_between_tags_that_nobody_can_follow_is_kept(tmp_path: Path) -> None:
    path = _written(tmp_path / "乱.xml", "<a 坏<b>第一句&amp;</b>\n<c>第二句</c")

    assert [text for _, text in texts_of(path)] == ["<a 坏", "第一句&", "第二句</c"]
    assert summary_of(path).missing == "rest_unreadable"


def test_many_records_stream(tmp_path: Path) -> None:
    path = tmp_path / "大.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write("<data><rows>")
        for number in range(5_000):
            file.write(f"<row><no>{number}</no><name>螺栓</name></row>\n")
        file.write("</rows></data>")
    rows, peak = rows_and_peak(path)

    assert rows == 5_000
    assert peak < 4_000_000
