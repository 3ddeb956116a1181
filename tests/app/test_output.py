import pytest

from app import output


def test_chinese_takes_two_columns_and_marks_none() -> None:
    assert output.width("知库a") == 5
    assert output.width("e\u0301") == 1


def test_columns_are_aligned_as_the_terminal_shows_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.table(["名称", "N"], [("财报", 1), ("ab", 22)])
    assert capsys.readouterr().out == "名称  N\n────  ──\n财报  1\nab    22\n"


def test_control_characters_of_a_name_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.line("a\x1b[31mb\r")
    assert capsys.readouterr().out == "a\ufffd[31mb\ufffd\n"


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KB"), (5 << 20, "5.0 MB"), (3 << 40, "3072.0 GB")],
)
def test_sizes_are_written_for_people(size: int, shown: str) -> None:
    assert output.size_text(size) == shown
