"""HTML and Markdown: nothing a reader sees is lost, nothing hidden is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.load import records_of
from loaders.records import ElementRecord
from loaders.webpage import table_grid


def _texts(path: Path, content: str | bytes) -> list[str]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [record.text for record in records_of(path) if isinstance(record, ElementRecord)]


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


def test_spans_fill_all_their_cells() -> None:
    markup = (
        "<table><tr><td rowspan='2'>甲</td><td colspan='2'>乙</td></tr>"
        "<tr><td>丙</td><td>丁</td></tr><tr><td>戊</td></tr></table>"
    )

    assert table_grid(markup) == [["甲", "乙", "乙"], ["甲", "丙", "丁"], ["戊", "", ""]]


@pytest.mark.parametrize("span", ["99999999", "-1", "x", "0", ""])
def test_absurd_spans_are_bounded(span: str) -> None:
    grid = table_grid(f"<table><tr><td colspan='{span}'>甲</td></tr></table>")

    assert len(grid[0]) <= 1000


def test_markdown_keeps_what_looks_like_markup(tmp_path: Path) -> None:
    text = (
        "用 List<String> 存放，键为 <key>。\n\n车牌川A***QB，另一辆川B***12。\n\n`a < b` 成立。\n"
    )

    assert _texts(tmp_path / "文.md", text) == [
        "用 List<String> 存放，键为 <key>。",
        "车牌川A***QB，另一辆川B***12。",
        "a < b 成立。",
    ]


def test_markdown_lines_that_end_sentences_are_paragraphs(tmp_path: Path) -> None:
    text = "第一条 为了规范管理，制定本办法。\n第二条 本办法适用于全体员工，\n包括实习生。\n"

    assert _texts(tmp_path / "文.md", text) == [
        "第一条 为了规范管理，制定本办法。",
        "第二条 本办法适用于全体员工，包括实习生。",
    ]


def test_code_inside_a_list_keeps_its_lines(tmp_path: Path) -> None:
    text = "1. 先运行\n\n    ```bash\n    kb add <path>\n    kb list\n    ```\n\n2. 再查看\n"

    assert "kb add <path>\nkb list" in _texts(tmp_path / "文.md", text)


def test_large_markdown_is_read_in_parts_without_loss(tmp_path: Path) -> None:
    text = "".join(
        f"## 第{number}节标题\n\n这是第{number}节的内容。\n\n" for number in range(6_000)
    )

    texts = _texts(tmp_path / "大.md", text)

    assert len(texts) == 12_000
    assert texts[-1] == "这是第5999节的内容。"
