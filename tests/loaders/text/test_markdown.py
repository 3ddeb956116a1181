"""Markdown: front matter, code, tables, pages inside, large files."""

from __future__ import annotations

from pathlib import Path

from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary


def _texts(path: Path, content: str) -> list[str]:
    path.write_text(content, encoding="utf-8")
    return [record.text for record in records_of(path) if isinstance(record, ElementRecord)]


def test_front_matter_is_no_heading_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "文.md"
    texts = _texts(path, "---\ntitle: 部署说明\ntags:\n  - 运维\n---\n\n# 准备\n\n先备份。\n")

    assert texts == ["title: 部署说明\ntags:\n  - 运维", "准备", "先备份。"]
    summary = list(records_of(path))[-1]
    assert isinstance(summary, LoadSummary)
    assert summary.title == "部署说明"


def test_rule_at_the_start_is_no_front_matter(tmp_path: Path) -> None:
    assert _texts(tmp_path / "线.md", "---\n\n这是正文，不是属性。\n\n---\n") == [
        "这是正文，不是属性。"
    ]


def test_tables_and_markup_inside_are_read(tmp_path: Path) -> None:
    text = (
        "|项目|数量|\n|---|---|\n|水泵|3|\n\n<details><summary>说明</summary>折叠的话。</details>\n"
    )

    assert _texts(tmp_path / "表.md", text) == ["项目\t数量\n水泵\t3", "说明", "折叠的话。"]


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
