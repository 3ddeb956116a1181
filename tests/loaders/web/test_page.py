"""HTML: nothing a reader sees is lost, nothing hidden is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.load import records_of
from loaders.records import LoadSummary
from tests.loaders.reading import elements_of, tables_of


def _texts(path: Path, content: str | bytes) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [element.text for element in elements_of(path)]


def test_scripts_and_styles_are_not_text(tmp_path: Path) -> None:
    page = (
        "<html><body><p onclick='x()'>看得见的文字</p><script>var 坏=1</script>"
        "<style>.坏{}</style>"
        "<table><tr><td>格<script>坏</script></td><td>乙</td></tr></table></body></html>"
    )

    assert _texts(tmp_path / "页.html", page) == ["看得见的文字", "格\t乙"]


def test_page_wrapped_in_a_form_is_read(tmp_path: Path) -> None:
    page = (
        "<html><form><div><label>姓名：</label>张三丰</div>"
        "<details>折叠的说明</details></form></html>"
    )

    assert _texts(tmp_path / "页.html", page) == ["姓名：张三丰", "折叠的说明"]


def test_declared_gb2312_is_read_as_gb18030(tmp_path: Path) -> None:
    page = '<html><meta charset="gb2312"><p>镕基说：㎡与〇都不在其中。</p></html>'.encode("gb18030")

    assert _texts(tmp_path / "页.html", page) == ["镕基说：㎡与〇都不在其中。"]


def test_layout_tables_become_blocks(tmp_path: Path) -> None:
    page = (
        "<html><table><tr><td><p>左边的导语。</p></td><td><table><tr><th>甲</th><th>乙</th></tr>"
        "<tr><td>1</td><td>2</td></tr></table></td></tr></table></html>"
    )

    assert _texts(tmp_path / "页.html", page) == ["左边的导语。", "甲\t乙\n1\t2"]


def test_table_of_data_keeps_its_rows_around_a_table_inside(tmp_path: Path) -> None:
    page = (
        "<html><table><tr><th>项目</th><th>内容</th></tr><tr><td>人员</td><td>见内表"
        "<table><tr><th>姓名</th><th>工资</th></tr><tr><td>张三</td><td>100</td></tr></table>"
        "为准</td></tr><tr><td>备注</td><td>无</td></tr></table></html>"
    )

    assert _texts(tmp_path / "页.html", page) == [
        "项目\t内容\n人员\t见内表 为准\n备注\t无",
        "姓名\t工资\n张三\t100",
    ]


def test_spans_fill_all_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "表.html"
    path.write_text(
        "<html><table><tr><th>一</th><th>二</th><th>三</th></tr>"
        "<tr><td rowspan='2'>甲</td><td colspan='2'>乙</td></tr>"
        "<tr><td>丙</td><td>丁</td></tr><tr><td>戊</td></tr></table></html>",
        encoding="utf-8",
    )

    [table] = tables_of(path)

    assert table.header == ("一", "二", "三")
    assert table.rows == (("甲", "乙", "乙"), ("甲", "丙", "丁"), ("戊", "", ""))


@pytest.mark.parametrize(("span", "width"), [("99999999", 2), ("9999", 1001), ("-1", 2), ("", 2)])
def test_absurd_spans_are_bounded(tmp_path: Path, span: str, width: int) -> None:
    path = tmp_path / "表.html"
    path.write_text(
        f"<html><table><tr><td colspan='{span}'>甲</td><td>乙</td></tr>"
        "<tr><td>丙</td><td>丁</td></tr></table></html>",
        encoding="utf-8",
    )

    [table] = tables_of(path)

    assert {len(row) for row in table.rows} == {width}


def test_lists_show_their_numbers(tmp_path: Path) -> None:
    page = (
        "<html><body><ol start='3'><li>三</li><li><p>四</p><ul><li>子项</li></ul></li>"
        "<li value='9'>九</li></ol><ol type='A'><li>甲</li></ol>"
        "<dl><dt>词</dt><dd>解释</dd></dl></body></html>"
    )

    assert _texts(tmp_path / "表.html", page) == [
        "3. 三",
        "4. 四",
        "子项",
        "9. 九",
        "A. 甲",
        "词",
        "解释",
    ]


def test_code_keeps_its_lines_and_breaks_part_paragraphs(tmp_path: Path) -> None:
    page = (
        "<html><body><pre>def f():\n    return 1\n</pre>第一段<br><br>第二段的\n  下半句"
        "<br>　　第三段</body></html>"
    )

    assert _texts(tmp_path / "码.html", page) == [
        "def f():\n    return 1",
        "第一段",
        "第二段的下半句",
        "第三段",
    ]


def test_marked_header_rows_and_captions_are_kept(tmp_path: Path) -> None:
    page = (
        "<html><body><table><caption>表一 人数</caption><thead><tr><th rowspan='2'>部门</th>"
        "<th colspan='2'>人数</th></tr><tr><th>男</th><th>女</th></tr></thead>"
        "<tbody><tr><td>财务</td><td>3</td><td>4</td></tr></tbody></table>"
        "<table><tr><td colspan='2'>单位：元</td></tr><tr><td>收入</td><td>9</td></tr></table>"
        "</body></html>"
    )

    assert _texts(tmp_path / "表.html", page) == [
        "表一 人数",
        "部门\t人数 男\t人数 女\n财务\t3\t4",
        "单位：元",
        "收入\t9",
    ]


def test_thousands_of_open_tags_are_no_trouble(tmp_path: Path) -> None:
    page = "<html><body>" + "<div><font>" * 3_000 + "<p>最里面的话</p>"

    assert _texts(tmp_path / "深.html", page) == ["最里面的话"]


def test_page_in_latin_script_with_hard_spaces_is_decoded(tmp_path: Path) -> None:
    page = "<html><meta charset='iso-8859-1'><body><p>caf\xe9 \xa0\xa0here\xa0</p></body></html>"

    assert _texts(tmp_path / "西.html", page.encode("latin-1")) == ["café here"]


def test_giant_page_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.web.page._MOST_BYTES", 1024 * 1024)
    path = tmp_path / "巨.html"
    path.write_text("<html><body>" + "<p>一段文字。</p>\n" * 100_000, encoding="utf-8")

    summary = list(records_of(path))[-1]
    assert isinstance(summary, LoadSummary)
    assert (summary.missing, dict(summary.missing_params)) == (
        "size_limit",
        {"read": "1", "size": "3"},
    )
