"""Pictures of every kind brought to plain colours of a bounded size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loaders.pictures.raster import flattened

DATA = Path(__file__).parents[2] / "data" / "image"


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "LA", "PA", "RGBa", "RGBX"],
)
def test_every_mode_becomes_dark_writing_on_white(mode: str) -> None:
    with Image.open(DATA / "notice.png") as notice:
        steps = {"PA": ["P"], "RGBa": ["RGBA"]}.get(mode, [])
        picture: Image.Image = notice.convert("RGB")
        for step in [*steps, mode]:
            picture = picture.convert(step)

    plain = flattened(picture, 4000)

    assert (plain.mode, plain.size) == ("RGB", (520, 250))
    values = np.asarray(plain.convert("L"))
    assert values[:10].min() > 245
    assert values.min() < 30


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_16_bits_are_stretched_to_8(mode: str) -> None:
    values = np.linspace(300, 4000, 2000).astype(">u2" if mode.endswith("B") else "<u2")
    picture = Image.frombytes(mode, (50, 40), values.tobytes())

    assert flattened(picture, 100).convert("L").getextrema() == (0, 255)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_values_without_bounds_do_no_harm(value: float) -> None:
    values = np.zeros((40, 50), np.float32)
    values[3, 3] = value

    assert flattened(Image.fromarray(values), 100).size == (50, 40)


def test_transparent_ground_contrasts_with_the_writing() -> None:
    for ink, ground in ((255, 0), (0, 255)):
        picture = Image.new("RGBA", (40, 20), (90, 90, 90, 0))
        picture.paste((ink, ink, ink, 255), (5, 5, 10, 10))

        plain = flattened(picture, 100)

        assert plain.getpixel((30, 15)) == (ground,) * 3
        assert plain.getpixel((7, 7)) == (ink,) * 3


def test_sides_are_bounded_and_never_vanish() -> None:
    assert flattened(Image.new("L", (3000, 600)), 1000).size == (1000, 200)
    assert flattened(Image.new("P", (5000, 1)), 100).size == (100, 1)
    assert flattened(Image.new("L", (30, 20)), 1000).size == (30, 20)
