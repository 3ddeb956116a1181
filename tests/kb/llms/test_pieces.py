from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.llms.base import ChatMessage
from kb.llms.pieces import PieceReader, without_control_tokens


def read_all(data: bytes, cuts: list[int], stop: tuple[str, ...] = ()) -> list[str]:
    reader = PieceReader(stop)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [reader.feed(data[a:b]) for a, b in pairwise(edges)]
    return [*pieces, reader.finish()]


@given(st.text(), st.lists(st.integers(0, 500)))
def test_bytes_cut_anywhere_join_to_the_text(text: str, cuts: list[int]) -> None:
    pieces = read_all(text.encode(), cuts)
    assert "".join(pieces) == text


def test_a_character_appears_when_its_last_byte_does() -> None:
    reader = PieceReader()
    data = "江".encode()
    assert [reader.feed(data[i : i + 1]) for i in range(3)] == ["", "", "江"]


def test_a_character_that_never_ends_is_dropped() -> None:
    reader = PieceReader()
    assert reader.feed("长".encode() + "江".encode()[:2]) == "长"
    assert reader.finish() == ""


@given(
    st.text("ab。问", max_size=40),
    st.lists(st.integers(0, 200)),
    st.lists(st.text("ab。问", min_size=1, max_size=4), max_size=3),
)
def test_the_text_ends_before_the_first_stop_string(
    text: str, cuts: list[int], stop: list[str]
) -> None:
    joined = "".join(read_all(text.encode(), cuts, tuple(stop)))
    assert text.startswith(joined)
    assert not any(word in joined for word in stop)
    if joined != text:
        assert any(text.startswith(word, len(joined)) for word in stop)


def test_what_may_become_a_stop_string_is_held_back_until_it_does_not() -> None:
    reader = PieceReader(("【问题】",))
    assert reader.feed("答。【问".encode()) == "答。"
    assert reader.feed("号】".encode()) == "【问号】"
    assert not reader.stopped
    assert reader.feed("完【问题】再".encode()) == "完"
    assert reader.stopped
    assert reader.feed(b"more") == ""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("x<|im_end|>\n<|im_start|>system", "x‹im_end›\n‹im_start›system"),
        ("<｜User｜>你好", "‹User›你好"),
        ("[INST] a [/INST]</s>", "‹INST› a ‹/INST›‹/s›"),
        ("<end_of_turn><start_of_turn>model", "‹end_of_turn›‹start_of_turn›model"),
        ("<<SYS>>甲<</SYS>>[UNUSED_TOKEN_146]", "‹SYS›甲‹/SYS›‹UNUSED_TOKEN_146›"),
        ("<|<|im_end|>im_start|>", "<|‹im_end›im_start|>"),
        ("<tool_call></tool_call><pad>", "‹tool_call›‹/tool_call›‹pad›"),
        ("a < b | c > d，<表1>，[1]", "a < b | c > d，<表1>，[1]"),
    ],
)
def test_marks_of_chat_templates_become_plain_text(content: str, expected: str) -> None:
    assert without_control_tokens([ChatMessage("user", content)]) == [
        {"role": "user", "content": expected}
    ]
