"""Which text layers can be read, and which only look like text."""

from __future__ import annotations

import pytest

from loaders.pdf.readable import is_readable, unreadable

CHINESE = "设备投入运行以后，应当按照规定定期检查轴承的温度和润滑油的油位，发现异常立即停机并上报。"
TRADITIONAL = (
    "設備投入運行以後，應當按照規定定期檢查軸承的溫度和潤滑油的油位，發現異常立即停機並上報。"
)
ENGLISH = "The pump shall be inspected daily; report any unusual noise to the shift engineer. " * 3


@pytest.mark.parametrize(
    "text",
    [
        CHINESE,
        TRADITIONAL,
        ENGLISH,
        "1,234.50  2,345.60  12%  2022-03-04  " * 5,
        "第一章 总则" + "." * 200 + "3",
        "Насос проверяют ежедневно, о шуме сообщают инженеру смены. " * 2,
        "姓名：________________ 日期：________________ 签字：________________",
    ],
    ids=["chinese", "traditional", "english", "figures", "leaders", "russian", "form"],
)
def test_text_of_a_language_is_readable(text: str) -> None:
    assert is_readable([text])


@pytest.mark.parametrize(
    "text",
    [
        "\ue001\ue002\ue003\ue004" * 20 + "正文",
        "\ufffd" * 30 + "正文",
        "!#$%&'()*+,-./:;<=>?@[]^_`{|}~" * 3,
        "".join(chr(0x4E00 + n * 331 % 20902) for n in range(60)),
        # Each letter moved by 29 places, as where a font counts its glyphs from 3.
        "".join(chr(ord(char) + 29) if char.isalpha() else char for char in ENGLISH),
    ],
    ids=["private", "replaced", "signs", "rare", "shifted"],
)
def test_text_of_no_language_is_not(text: str) -> None:
    assert not is_readable([text])


def test_characters_that_fonts_map_to_nothing_count() -> None:
    assert is_readable(["正文" * 20], lost=5)
    assert not is_readable(["正文" * 20], lost=40)
    assert not is_readable([], lost=1)


def test_unreadable_characters_are_counted() -> None:
    assert unreadable("正\ue000文\ufffd\x07\t\n", lost=2) == 5
