"""Unpack the RTF that Outlook keeps of a message (MS-OXRTFCP)."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds before the first byte."""


def unpacked_rtf(data: bytes) -> bytes:
    """Return the RTF; what comes before a fault where the data break off.

    Raises ValueError when this is no packed RTF.
    """
    if len(data) < _HEADER.size:
        raise ValueError("no header")
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _PLAIN:
        return data[_HEADER.size : _HEADER.size + size]
    if kind != _COMPRESSED:
        raise ValueError(f"unknown compression {kind:#x}")
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    position = len(_START)
    found = bytearray()
    place = _HEADER.size
    while place < len(data):
        flags = data[place]
        place += 1
        for bit in range(8):
            if flags >> bit & 1:
                if place + 2 > len(data):
                    return bytes(found)
                token = data[place] << 8 | data[place + 1]
                place += 2
                start = token >> 4
                if start == position:
                    return bytes(found)
                run = (start + step for step in range((token & 15) + 2))
            else:
                if place >= len(data):
                    return bytes(found)
                window[position] = data[place]
                found.append(data[place])
                position = (position + 1) % _WINDOW
                place += 1
                continue
            for index in run:
                byte = window[index % _WINDOW]
                window[position] = byte
                found.append(byte)
                position = (position + 1) % _WINDOW
    return bytes(found)
