"""Write small Outlook items: just enough of the OLE container (MS-CFB) for the reader."""

from __future__ import annotations

import struct
from pathlib import Path

Tree = dict[str, "bytes | Tree"]

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NONE = 0xFFFFFFFF


def text_streams(texts: dict[int, str]) -> Tree:
    """Name string properties as an item keeps them."""
    return {
        f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in texts.items()
    }


def properties(values: dict[int, tuple[int, int]], *, header: int) -> Tree:
    """Write the stream of fixed properties: number -> (type, value)."""
    data = bytes(header)
    for number, (kind, value) in values.items():
        data += struct.pack("<HHIQ", kind, number, 6, value)
    return {"__properties_version1.0": data}


def write_ole(path: Path, tree: Tree) -> Path:
    """Write a container with these streams and storages."""
    names: list[tuple[str, int, bytes]] = [("Root Entry", 5, b"")]
    links: list[list[int]] = [[_NONE, _NONE, _NONE]]

    def add(children: Tree) -> int:
        first = previous = _NONE
        for name, value in sorted(children.items(), key=lambda item: (len(item[0]), item[0])):
            number = len(names)
            names.append((name, 1 if isinstance(value, bytes) else 2, b""))
            links.append([_NONE, _NONE, _NONE])
            if isinstance(value, bytes):
                names[number] = (name, 2, value)
            else:
                names[number] = (name, 1, b"")
                links[number][2] = add(value)
            if previous == _NONE:
                first = number
            else:
                links[previous][1] = number
            previous = number
        return first

    links[0][2] = add(tree)
    mini, mini_fat, large = bytearray(), [], bytearray()
    fat: list[int] = []
    places: list[tuple[int, int]] = []

    def chain(data: bytes) -> int:
        if not data:
            return _END
        start, count = len(fat), -(-len(data) // _SECTOR)
        fat.extend([*range(start + 1, start + count), _END])
        large.extend(data.ljust(count * _SECTOR, b"\0"))
        return start

    for _, _, data in names:
        if len(data) >= _CUTOFF:
            places.append((chain(data), len(data)))
        elif data:
            start, count = len(mini_fat), -(-len(data) // _MINI)
            mini_fat.extend([*range(start + 1, start + count), _END])
            mini.extend(data.ljust(count * _MINI, b"\0"))
            places.append((start, len(data)))
        else:
            places.append((_END, 0))
    places[0] = (chain(bytes(mini)), len(mini))
    mini_start = chain(struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB3I", 2 * len(name) + 2, kind, 1, *link)
        + bytes(36)
        + struct.pack("<IQ", start, size)
        for (name, kind, _), link, (start, size) in zip(names, links, places, strict=True)
    )
    directory_start = chain(directory)
    fat_count = 1
    while fat_count * (_SECTOR // 4) < len(fat) + fat_count:
        fat_count += 1
    first = len(fat)
    fat.extend([_FAT] * fat_count)
    fat.extend([_FREE] * (fat_count * (_SECTOR // 4) - len(fat)))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIII", 0, fat_count, directory_start, 0, _CUTOFF)
        + struct.pack("<IIII", mini_start, -(-len(mini_fat) * 4 // _SECTOR), _END, 0)
        + struct.pack("<109I", *range(first, first + fat_count), *[_FREE] * (109 - fat_count))
    )
    path.write_bytes(header + bytes(large) + struct.pack(f"<{len(fat)}I", *fat))
    return path
