"""Packed RTF: references into the window, plain data, faults."""

from __future__ import annotations

import struct

import pytest

from loaders.mail.rtf_packed import unpacked_rtf


def _packed(body: bytes, kind: bytes = b"LZFu", size: int = 0) -> bytes:
    return struct.pack("<II4sI", len(body) + 12, size, kind, 0) + body


def test_references_reach_the_window_and_what_was_written() -> None:
    tokens = bytes([0b11]) + struct.pack(">H", 0 << 4 | 9) + struct.pack(">H", 207 + 11 << 4)

    assert unpacked_rtf(_packed(tokens)) == b"{\\rtf1\\ansi"


def test_literals_are_copied_and_repeated() -> None:
    # "ab" as it stands, then four more bytes from where it was written.
    flags = bytes([0b1100])
    body = flags + b"ab" + struct.pack(">H", 207 << 4 | 2) + struct.pack(">H", 213 << 4)

    assert unpacked_rtf(_packed(body)) == b"ababab"


def test_plain_data_are_returned() -> None:
    assert unpacked_rtf(_packed(b"{\\rtf1}", b"MELA", 7)) == b"{\\rtf1}"


def test_data_that_break_off_give_what_came_before() -> None:
    assert unpacked_rtf(_packed(bytes([0]) + b"abc")) == b"abc"


@pytest.mark.parametrize("data", [b"", b"short", _packed(b"x", b"????")])
def test_what_is_not_packed_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"header|compression"):
        unpacked_rtf(data)
