"""Reads a GGML file of the ChatGLM family, without any engine.

The layout is that of chatglm.cpp's converter: magic, family, version, numbers of the model, its
tokenizer, then one tensor after the other up to the end of the file.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from kb.errors import ModelFileError

MAGIC = b"ggml"

# The numbers that chatglm.cpp gives them.
_FAMILIES = {1: "ChatGLM", 2: "ChatGLM2", 3: "ChatGLM3", 4: "GLM-4", 1004: "GLM-4V"}
_TYPES = {0: "f32", 1: "f16", 2: "q4_0", 3: "q4_1", 6: "q5_0", 7: "q5_1", 8: "q8_0"}
# Numbers in a block of weights, and its bytes.
_BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)}
_START = struct.Struct("<4sii")
_NUMBER = struct.Struct("<i")
# dtype, vocabulary, width, heads, layers, inner width, longest sequence, four special tokens
_FIRST_VERSION = struct.Struct("<11i")
# dtype, vocabulary, width, heads, key-value heads, layers, inner width, epsilon, prefix tokens,
# theta, longest sequence, two special tokens
_SECOND_VERSION = struct.Struct("<7ififiii")
_VISION = struct.Struct("<5if4if")
_ALIGNMENT = 16
_LONGEST_NAME = 1000
_CACHE_BYTES = 2


@dataclass(frozen=True, slots=True)
class GgmlHeader:
    """``context_length`` is what the model was trained for, ``prefix_tokens`` those of P-Tuning.

    ``cache_bytes`` is what the engine keeps for every token of the context.
    """

    family: str
    quantisation: str
    context_length: int
    prefix_tokens: int
    cache_bytes: int


def read_header(path: Path) -> GgmlHeader:
    """Read the header of a file that chatglm.cpp's converter has written.

    Raises:
        ModelFileError: it is none, or of a kind that is not known.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return _header(file, path)


def check_complete(path: Path) -> GgmlHeader:
    """Go from tensor to tensor and return the header; the weights themselves are not read.

    The engine trusts the file: opening one that was cut off ends its process.

    Raises:
        ModelFileError: it is not whole, or as `read_header`.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        header = _header(file, path)
        size = os.fstat(file.fileno()).st_size
        try:
            file.seek(_number(file), os.SEEK_CUR)
            tensors = 0
            while file.tell() < size:
                _skip_tensor(file)
                tensors += 1
        except (KeyError, struct.error, ValueError, OSError) as exc:
            raise ModelFileError(
                f"{path} is damaged after {file.tell():,} of {size:,} bytes: fetch or convert it "
                "again",
                model=path.name,
            ) from exc
        if file.tell() != size or not tensors:
            raise ModelFileError(
                f"{path} is not whole, it ends after {size:,} bytes: fetch or convert it again",
                model=path.name,
            )
    return header


def _header(file: BinaryIO, path: Path) -> GgmlHeader:
    try:
        magic, family, version = _START.unpack(file.read(_START.size))
        if magic != MAGIC:
            raise ModelFileError(f"{path} is no GGML file of the ChatGLM family", model=path.name)
        if version == 1:
            kind, _, width, heads, layers, _, longest, *_ = _unpack(file, _FIRST_VERSION)
            # Only the first ChatGLM has as many heads of keys and values as of queries.
            groups = heads if family == 1 else int(_number(file))
            prefix = 0
        else:
            kind, _, width, heads, groups, layers, _, _, prefix, _, longest, *_ = _unpack(
                file, _SECOND_VERSION
            )
        if family not in (1, 2, 3, 4):
            file.seek(_VISION.size, os.SEEK_CUR)
        cache = 2 * layers * groups * (width // heads) * _CACHE_BYTES
        return GgmlHeader(_FAMILIES[family], _TYPES[int(kind)], int(longest), int(prefix), cache)
    except (KeyError, struct.error, ZeroDivisionError) as exc:
        raise ModelFileError(
            f"{path} is a GGML file of a kind that is not known here", model=path.name
        ) from exc


def _skip_tensor(file: BinaryIO) -> None:
    name = _number(file)
    if not 0 < name <= _LONGEST_NAME:
        raise ValueError(f"a name of {name} bytes")
    file.seek(name, os.SEEK_CUR)
    shape = [_number(file) for _dimension in range(_number(file))]
    numbers, size = _BLOCKS[_number(file)]
    start = -(-file.tell() // _ALIGNMENT) * _ALIGNMENT
    file.seek(start + prod(shape) // numbers * size)


def _unpack(file: BinaryIO, form: struct.Struct) -> tuple[int, ...]:
    return form.unpack(file.read(form.size))


def _number(file: BinaryIO) -> int:
    (number,) = _NUMBER.unpack(file.read(_NUMBER.size))
    return int(number)
