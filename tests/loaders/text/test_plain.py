"""Plain text: paragraphs, hard-wrapped lines, monstrous lines."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from loaders.load import records_of
from loaders.records import ElementRecord
from loaders.text.plain import join_lines, paragraphs


def test_every_line_is_a_paragraph_where_nothing_is_wrapped() -> None:
    assert list(paragraphs(iter(["第一段。\n", "\n", "  第二段\n", "第三段"]))) == [
        "第一段。",
        "第二段",
        "第三段",
    ]


def test_hard_wrapped_english_is_joined() -> None:
    lines = [
        "The quick brown fox jumps over the lazy dog and then runs along\n",
        "the river until the evening comes, when it goes to sleep in the\n",
        "old barn behind the mill where nobody ever looks for a fox that\n",
        "is tired.\n",
        "\n",
        "A new paragraph starts here and it is also wrapped by hand in a\n",
        "second line.\n",
    ]

    joined = list(paragraphs(iter(lines)))

    assert len(joined) == 2
    assert joined[0].endswith("looks for a fox that is tired.")


def test_joining_minds_the_script() -> None:
    assert join_lines("中文", "继续") == "中文继续"
    assert join_lines("the cat", "sat") == "the cat sat"
    assert join_lines("instal-", "lation") == "installation"
    assert join_lines("COVID-", "19") == "COVID-19"


def test_bullets_are_kept(tmp_path: Path) -> None:
    (tmp_path / "单.txt").write_text("- 带上身份证\n• 带上户口本\n-5℃以下停工\n", encoding="utf-8")
    records = list(records_of(tmp_path / "单.txt"))[:-1]

    assert [record.text for record in records if isinstance(record, ElementRecord)] == [
        "- 带上身份证",
        "• 带上户口本",
        "-5℃以下停工",
    ]


def test_monstrous_line_is_cut_at_ends_of_sentences(tmp_path: Path) -> None:
    text = "这是很长的一行。" * 60_000
    (tmp_path / "长.txt").write_text(text, encoding="utf-8")
    records = [r for r in records_of(tmp_path / "长.txt") if isinstance(r, ElementRecord)]

    assert "".join(record.text for record in records) == text
    assert max(len(record.text) for record in records) <= 100_000
    assert all(record.text.endswith("。") for record in records)


def test_no_word_is_torn_where_a_giant_line_is_read_in_pieces(tmp_path: Path) -> None:
    text = "第一句话说的是管理办法。" * 200_000
    (tmp_path / "巨.txt").write_text(text, encoding="utf-8")
    records = [r for r in records_of(tmp_path / "巨.txt") if isinstance(r, ElementRecord)]

    assert sum(len(record.text) for record in records) == len(text)
    assert all(record.text.endswith("办法。") for record in records)


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), max_size=40), max_size=30))
def test_nothing_but_white_space_is_lost(lines: list[str]) -> None:
    joined = "".join(paragraphs(iter([line + "\n" for line in lines])))

    assert _bare(joined) == _bare("".join(lines))


def _bare(text: str) -> str:
    # Hyphens at line ends may be mended.
    return "".join(char for char in text if not char.isspace() and char not in "-\u2010\ufeff")
