"""A right reading yields words of common letters, a wrong one capitals and signs inside words."""

from __future__ import annotations

import pytest

from loaders.text.alphabets import (
    alphabet_share,
    hangul_share,
    is_double_bytes,
    may_be_alphabet,
    signs_in_words,
)
from loaders.text.encoding import detect_encoding

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


@pytest.mark.parametrize("sign", ["•", "–", "€", "…", "©"])
def test_signs_before_words_stay_western(sign: str) -> None:
    text = "".join(f"{sign} item {number} of the list\n" for number in range(12))
    assert detect_encoding(text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(
    "names", ["郭鹏旻,26\n周墨熠,33\n黄华红,51\n", "吴旻平,26\n赵华桐,10\n周桂晨,81\n"]
)
def test_short_lists_of_rare_names_stay_chinese(names: str) -> None:
    assert detect_encoding(names.encode("gb18030")) == "gb18030"


@pytest.mark.parametrize("claim", ["windows-1251", "iso-8859-2", "koi8-r", "cp850"])
def test_a_wrong_claim_does_not_win_over_chinese(claim: str) -> None:
    text = "第一章 总则 镕玥堃喆 规定管理办法 珺祎旻 数据统计\n" * 3
    assert detect_encoding(text.encode("gb18030"), claim) == "gb18030"


@pytest.mark.parametrize("claim", ["zlib", "quopri", "rot13", "base64", "bz2"])
def test_a_claim_that_names_no_text_encoding_is_passed_over(claim: str) -> None:
    assert detect_encoding("合同期限三年。".encode("gb18030"), claim) == "gb18030"
