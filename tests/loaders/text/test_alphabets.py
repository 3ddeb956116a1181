"""A right reading yields words of common letters, a wrong one capitals and signs inside words."""

from __future__ import annotations

from loaders.text.alphabets import (
    alphabet_share,
    hangul_share,
    is_double_bytes,
    may_be_alphabet,
    signs_in_words,
)

RUSSIAN = "Все отделы должны сдать отчёт до конца месяца."


def test_double_bytes_come_in_even_runs() -> None:
    assert may_be_alphabet(RUSSIAN.encode("koi8-r"))
    assert not may_be_alphabet("各部门 应当 按照要求 执行".encode("gb18030"))


def test_many_even_runs_or_a_long_one_are_double_bytes() -> None:
    assert is_double_bytes(("各部门应当按照要求执行" * 4).encode("gb18030"))
    assert is_double_bytes("张三 李四 王五 赵六 钱七 孙八".encode("gb18030"))
    assert not is_double_bytes("Протокол".encode("koi8-r"))
    assert not is_double_bytes(RUSSIAN.encode("koi8-r"))


def test_the_right_reading_is_rated_above_those_of_the_same_letters() -> None:
    data = RUSSIAN.encode("koi8-r")
    rated = {name: alphabet_share(data.decode(name), name) for name in ("koi8-r", "cp1251")}

    assert rated["koi8-r"] > 0.7
    assert rated["cp1251"] < 0.4


def test_signs_between_letters_are_counted() -> None:
    assert signs_in_words("ca³y wyk³ad 25 m³ l’été") == 2


def test_rare_syllables_are_no_running_korean() -> None:
    assert hangul_share(list("회의록은제출한다")) > 0.7
    assert hangul_share(list("뷁뛟쳌")) < 0.2
