"""What of a page is seen: hidden parts go out, and text comes in where something else says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lxml import etree

Picture = Callable[[str], str | None]
"""Returns the text in the picture at an address of the page, None where there is none."""

BREAK = "\u2028"
"""Stands for the end of a line (br) until the white space around it has been joined."""

_DROPPED = (
    "script", "style", "noscript", "template", "link", "meta", "iframe", "object", "embed",
    "annotation", "annotation-xml", "defs", "datalist", "head", "title",
)  # fmt: skip
_SHOWN_INPUTS = frozenset(("", "text", "button", "submit", "reset", "number", "date", "email"))
_HIDING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_NO_ALT = re.compile(
    # What fills an alternative text without saying anything.
    r"\W*(?:image|img|picture|photo|icon|logo|spacer|alt|null|图片|圖片|图像|图标|logo图)?\W*\d*\W*"
    r"|\S+\.(?:png|jpe?g|gif|bmp|svg|webp|ico)",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_RAISED = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
_LONGEST_RAISED = 4


def keep_visible(body: Any, picture: Picture) -> None:
    """Take out what nobody sees, and put text where something else says it."""
    etree.strip_elements(body, *_DROPPED, with_tail=False)
    for node in list(body.iter(etree.Element)):
        tag = node.tag
        if node is body:
            continue
        if (
            node.get("hidden") is not None
            or _HIDING.search(node.get("style") or "")
            or "katex-html" in (node.get("class") or "")
        ):
            _replace(node, "")
        elif tag in ("img", "image"):
            address = node.get("src") or node.get("href") or node.get("xlink:href") or ""
            read = picture(address) if address else None
            shown = read.replace("\n", BREAK) if read else ""
            _replace(node, f"{BREAK * 2}{shown}{BREAK * 2}" if shown else _alternative(node))
        elif tag == "input":
            kind = (node.get("type") or "").lower()
            _replace(node, f" {node.get('value') or ''} " if kind in _SHOWN_INPUTS else "")
        elif tag in ("sup", "sub") and not len(node):
            text = (node.text or "").strip()
            signs = _RAISED if tag == "sup" else _LOWERED
            if 0 < len(text) <= _LONGEST_RAISED and all(ord(char) in signs for char in text):
                node.text = text.translate(signs)


def _replace(node: Any, text: str) -> None:
    """Put text in the place of an element."""
    parent = node.getparent()
    if parent is None:
        return
    tail = _UNPRINTABLE.sub("", text) + (node.tail or "")
    before = node.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(node)


def _alternative(node: Any) -> str:
    """Return a picture's alternative text where it says something."""
    text = " ".join((node.get("alt") or "").split())
    return "" if _NO_ALT.fullmatch(text) else f" {text} "
