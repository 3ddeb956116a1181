"""Equations of office documents (OMML) on one line: (a+b)/c, x^2, √(n)."""

from __future__ import annotations

from typing import Any

from loaders.office.opc import local_name

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def equation_text(node: Any) -> str:
    """Write an equation, or a part of one, as a line of text."""
    kind = local_name(node)
    if kind == "t":
        return node.text or ""
    if kind.endswith("Pr"):
        return ""
    if kind == "f":
        if _property(node, "fPr", "type", "bar") == "noBar":
            # A binomial: one above the other in brackets.
            return f"({_part(node, 'num')} {_part(node, 'den')})"
        return f"{_grouped(node, 'num')}/{_grouped(node, 'den')}"
    if kind in ("sSup", "sSub", "sSubSup"):
        below = f"_{_grouped(node, 'sub')}" if kind != "sSup" else ""
        above = f"^{_grouped(node, 'sup')}" if kind != "sSub" else ""
        return _part(node, "e") + below + above
    if kind == "rad":
        return f"{_part(node, 'deg')}√{_grouped(node, 'e')}"
    if kind == "nary":
        sign = _property(node, "naryPr", "chr", "∫")
        below, above = _part(node, "sub"), _part(node, "sup")
        bounds = (f"_({below})" if below else "") + (f"^({above})" if above else "")
        return f"{sign}{bounds} {_part(node, 'e')}"
    if kind == "d":
        inner = _property(node, "dPr", "sepChr", "|").join(
            equation_text(part) for part in node.iterchildren(f"{_M}e")
        )
        return _property(node, "dPr", "begChr", "(") + inner + _property(node, "dPr", "endChr", ")")
    if kind == "mr":
        return " ".join(equation_text(part) for part in node.iterchildren(f"{_M}e")) + "; "
    if kind == "br":
        return " "
    return "".join(equation_text(child) for child in node)


def _part(node: Any, name: str) -> str:
    part = node.find(_M + name)
    return equation_text(part) if part is not None else ""


def _grouped(node: Any, name: str) -> str:
    text = _part(node, name)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _property(node: Any, holder: str, name: str, usual: str) -> str:
    found = node.find(f"{_M}{holder}/{_M}{name}")
    if found is None:
        return usual
    value: str | None = found.get(f"{_M}val")
    return usual if value is None else value
