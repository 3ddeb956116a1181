"""What an author wrote about a picture for those who cannot see it."""

from __future__ import annotations

import re
from typing import Any

from loaders.office.opc import local_name
from loaders.text.labels import labelled

_NAME = re.compile(
    r"(?:picture|image|img|photo|graphic|graphics|object|shape|screenshot|screen shot|clip ?art"
    r"|logo|icon|grafik|bild|图片|图像|图形|图示|图标|照片|截图|屏幕截图|对象|形状|剪贴画|图)"
    r"[\s\d._:()（）-]*",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\S.*\.(?:png|jpe?g|gif|bmp|emf|wmf|tiff?|svg|webp|ico|heic)(?:\?\S*)?", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?:https?|file|data|cid):\S*", re.IGNORECASE)
_CODE = re.compile(r"[0-9a-z_\-.{}]*\d[0-9a-z_\-.{}]*", re.IGNORECASE)
_GUESSED = re.compile(
    r"描述已自动生成|描述已自動產生|AI 生成的内容可能不正确"
    r"|description (?:automatically )?generated|generated (?:with|by) (?:very )?(?:high|low)"
    r"|AI-generated content may be incorrect",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2}")
_LONGEST = 2000


def alternative_text(picture: Any) -> str | None:
    """Return the alternative text of a picture behind its word, None where it says nothing.

    ``picture`` is the node that leads to its data, or one around it. Names that programs give by
    themselves say nothing, and what they guess about a picture ("description automatically
    generated") is often wrong.
    """
    for node in _described(picture):
        for key in ("descr", "alt", "title"):
            text = " ".join((node.get(key) or "").split())[:_LONGEST]
            if text and not _says_nothing(text):
                return labelled("picture", text)
    return None


def _described(node: Any | None) -> list[Any]:
    """Return what may carry an alternative text: docPr and cNvPr, or a shape of VML."""
    found: list[Any] = []
    while node is not None and local_name(node) not in ("p", "spTree"):
        kind = local_name(node)
        if kind in ("inline", "anchor"):
            found.extend(child for child in node if local_name(child) == "docPr")
        elif kind in ("pic", "sp"):
            found.extend(inner for inner in node.iter() if local_name(inner) == "cNvPr")
        elif kind in ("shape", "rect"):
            found.append(node)
        node = node.getparent()
    return found


def _says_nothing(text: str) -> bool:
    return (
        _WORD.search(text) is None
        or any(pattern.fullmatch(text) for pattern in (_NAME, _FILE, _ADDRESS, _CODE))
        or _GUESSED.search(text) is not None
    )
