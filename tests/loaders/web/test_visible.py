"""Pages as they are seen: what is hidden is not read, what stands for text is."""

from __future__ import annotations

from pathlib import Path

from tests.loaders.reading import elements_of


def _texts(path: Path, content: str) -> list[str]:
    path.write_text(content, encoding="utf-8")
    return [element.text for element in elements_of(path)]


def test_hidden_parts_are_not_read(tmp_path: Path) -> None:
    page = (
        "<html><body><p hidden>藏一</p><div style='color:red; display: none'>藏二</div>"
        "<input type='hidden' value='藏三'><input value='张三'><p>看得见</p></body></html>"
    )

    assert _texts(tmp_path / "页.html", page) == ["张三", "看得见"]


def test_alternative_texts_that_say_something_are_read(tmp_path: Path) -> None:
    page = (
        "<html><body><p>流程：<img src='a.png' alt='先申请后采购'><img src='b.png' alt='logo'>"
        "<img src='c.png' alt='c.png'></p></body></html>"
    )

    assert _texts(tmp_path / "图.html", page) == ["流程： 先申请后采购"]


def test_powers_and_indices_stay_apart_from_their_base(tmp_path: Path) -> None:
    page = "<html><p>10<sup>3</sup> m<sup>2</sup> CO<sub>2</sub> x<sup>注</sup></p></html>"

    assert _texts(tmp_path / "幂.html", page) == ["10³ m² CO₂ x注"]
