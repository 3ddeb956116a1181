"""Write a SentencePiece Unigram vocabulary and its normalisation map as a ``tokenizer.json``."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kb.models.packed import Pieces

_LEAF = 1 << 8
_VALUE = 1 << 31
_OFFSET_LIMIT = 1 << 21
_LONG_SEARCH = 512


def write_tokenizer(pieces: Pieces, path: Path) -> None:
    """Write ``tokenizer.json``; neighbouring unknown characters become one token."""
    path.write_text(json.dumps(_document(pieces), ensure_ascii=False), encoding="utf-8")


def _document(pieces: Pieces) -> dict[str, Any]:
    bos, eos = pieces.texts[pieces.bos], pieces.texts[pieces.eos]
    special = {
        text: {"id": text, "ids": [i], "tokens": [text]}
        for text, i in ((bos, pieces.bos), (eos, pieces.eos))
    }
    charsmap = base64.b64encode(precompiled_map(pieces.normalisation)).decode()
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        # No added tokens: a "</s>" that somebody wrote in a document is text, not an end.
        "added_tokens": [],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": charsmap},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {
            "type": "Metaspace",
            "replacement": "▁",
            "prepend_scheme": "always",
            "split": True,
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": bos, "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": eos, "type_id": 0}},
            ],
            "pair": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": special,
        },
        "decoder": {
            "type": "Metaspace",
            "replacement": "▁",
            "prepend_scheme": "always",
            "split": True,
        },
        "model": {
            "type": "Unigram",
            "unk_id": pieces.unknown,
            "vocab": [list(item) for item in zip(pieces.texts, pieces.scores, strict=True)],
            "byte_fallback": False,
        },
    }


def precompiled_map(mapping: Mapping[str, str]) -> bytes:
    """Pack a normalisation map as SentencePiece does: a double-array trie, then the replacements.

    The layout is that of Darts-clone: 32-bit units, bit 8 says that a leaf hangs below, bits 10 to
    30 hold the distance to the children, a leaf holds its replacement's offset.
    """
    replacements = bytearray()
    places: dict[str, int] = {}
    keys: dict[bytes, int] = {}
    for source, target in sorted(mapping.items(), key=lambda item: item[0].encode()):
        if target not in places:
            places[target] = len(replacements)
            replacements += target.encode() + b"\0"
        keys[source.encode()] = places[target]
    trie = _double_array(keys)
    blob = struct.pack(f"<{len(trie)}I", *trie)
    return struct.pack("<I", len(blob)) + blob + bytes(replacements)


def _double_array(keys: Mapping[bytes, int]) -> list[int]:
    root: dict[int, Any] = {}
    for key, value in keys.items():
        branch = root
        for byte in key:
            branch = branch.setdefault(byte, {})
        # Label 0 is the leaf: no key holds a NUL byte.
        branch[0] = value
    builder = _Builder()
    builder.place(root, 0)
    return builder.units


class _Builder:
    def __init__(self) -> None:
        self.units = [0] * 256
        self._used = [False] * 256
        self._bases: set[int] = set()
        self._used[0] = True
        self._search_from = 1

    def place(self, branch: Mapping[int, Any], position: int) -> None:
        base = self._find_base(position, sorted(branch))
        self._bases.add(base)
        self.units[position] |= (base ^ position) << 10
        for label in branch:
            self._used[base ^ label] = True
        for label, below in branch.items():
            child = base ^ label
            if label == 0:
                self.units[position] |= _LEAF
                self.units[child] = below | _VALUE
            else:
                self.units[child] = label
                self.place(below, child)

    def _find_base(self, position: int, labels: list[int]) -> int:
        place = self._search_from
        while not self._fits(place ^ labels[0], position, labels):
            place += 1
        # A long search means that the front is full: leave it, a few empty units cost little.
        if place - self._search_from > _LONG_SEARCH:
            self._search_from = place - _LONG_SEARCH // 2
        return place ^ labels[0]

    def _fits(self, base: int, position: int, labels: list[int]) -> bool:
        while base + 256 >= len(self.units):
            self.units.extend([0] * 256)
            self._used.extend([False] * 256)
        # A base serves one branch only, or a child could be taken for another branch's; its
        # distance must fit into 21 bits.
        if base in self._bases or base == position or (base ^ position) >= _OFFSET_LIMIT:
            return False
        return not any(self._used[base ^ label] for label in labels)
