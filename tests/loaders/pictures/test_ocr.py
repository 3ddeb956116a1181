"""Reading pictures with the engine that is installed, on small pages of our own.

The pages in tests/data/image were drawn with Noto Sans CJK.
"""

from __future__ import annotations

import math
import subprocess
import sys
from importlib.metadata import FileHash, PackagePath
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw, ImageFont

from loaders.errors import OcrUnavailableError
from loaders.pdf.layout import paragraphs
from loaders.pictures import ocr, ocr_engine

DATA = Path(__file__).parents[2] / "data" / "image"
NOTICE = [
    "设备巡检通知",
    "每周一上午九点检查三号水泵和冷却塔，",
    "轴承温度不得超过75℃，超过时立即停机。",
    "Report to the control room at 8021.",
]
VERSES = ["春眠不觉晓处处", "闻啼鸟夜来风雨", "声花落知多少人"]

_IN_A_FRESH_PROCESS = """
import socket, sys

def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.create_connection = socket.getaddrinfo = refuse
from loaders.pictures import ocr
assert ocr.available()
assert not {"rapidocr", "onnxruntime", "cv2"} & set(sys.modules)
from PIL import Image
print(len(ocr.read_picture(Image.open(sys.argv[1])).segments))
"""


def notice() -> Image.Image:
    with Image.open(DATA / "notice.png") as picture:
        return picture.convert("L")


def lines(result: ocr.OcrResult) -> list[str]:
    """Return what was read in reading order."""
    return "\n".join(found.text for found in paragraphs(list(result.segments))).split("\n")


def test_lines_are_read_with_their_places_and_sizes() -> None:
    result = ocr.read_picture(notice())

    assert [segment.text for segment in result.segments] == NOTICE
    assert (result.turn, result.slope, result.width, result.height) == (0, 0.0, 520, 250)
    assert 0.95 < result.confidence <= 1
    title, first, second, last = result.segments
    assert (title.x0, title.x1) == pytest.approx((160, 352), abs=6)
    assert title.y0 < 40 < title.y1
    assert first.y0 < 102 < first.y1 < second.y0 + 6
    assert title.size == pytest.approx(32, rel=0.1)
    assert first.size == second.size == last.size == pytest.approx(22, rel=0.1)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_page_is_righted(turned: int) -> None:
    result = ocr.read_picture(notice().rotate(-turned, expand=True))

    assert lines(result) == NOTICE
    assert result.turn == 360 - turned
    assert (result.width, result.height) == (520, 250)
    assert result.segments[0].turn == 0


def test_lines_of_a_page_that_lies_askew_become_level() -> None:
    result = ocr.read_picture(notice().rotate(4, fillcolor=255, expand=True))

    assert lines(result) == NOTICE
    assert result.slope == pytest.approx(-math.tan(math.radians(4)), abs=0.02)
    last = result.segments[-1]
    assert last.y1 - last.y0 < 35


def test_columns_from_top_to_bottom_are_read_from_the_right() -> None:
    with Image.open(DATA / "columns.png") as picture:
        result = ocr.read_picture(picture)

    assert lines(result) == VERSES


def test_a_note_set_sideways_beside_the_text_keeps_its_turn() -> None:
    page = Image.new("L", (600, 330), 255)
    page.paste(notice(), (70, 0))
    note = Image.new("L", (300, 40), 255)
    ImageDraw.Draw(note).text((10, 5), "Revision 2031 checked", 0, ImageFont.load_default(24))
    page.paste(note.rotate(90, expand=True), (10, 15))

    result = ocr.read_picture(page)

    assert result.turn == 0
    assert [(segment.text, segment.turn) for segment in result.segments if segment.turn] == [
        ("Revision 2031 checked", 270)
    ]
    assert [segment.text for segment in result.segments if not segment.turn] == NOTICE


def test_a_picture_of_one_low_line_is_read() -> None:
    strip = Image.new("L", (150, 18), 255)
    ImageDraw.Draw(strip).text((3, 1), "Valve 7 closed", 0, ImageFont.load_default(14))

    assert lines(ocr.read_picture(strip)) == ["Valve 7 closed"]


def test_light_writing_on_transparent_ground_is_read() -> None:
    picture = Image.new("RGBA", (260, 60), (255, 255, 255, 0))
    ImageDraw.Draw(picture).text((10, 10), "Valve 7 closed", "white", ImageFont.load_default(30))

    assert lines(ocr.read_picture(picture)) == ["Valve 7 closed"]


def test_a_scan_of_16_bits_is_read() -> None:
    picture = notice().convert("I").point(lambda value: value * 120 + 900)

    assert lines(ocr.read_picture(picture)) == NOTICE


def test_an_empty_page_has_no_text_and_no_confidence() -> None:
    assert ocr.read_picture(Image.new("RGB", (300, 200), "white")) == ocr.OcrResult(
        (), 0.0, 0, 300, 200
    )


@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (1, 9000)])
def test_a_picture_hardly_there_does_no_harm(size: tuple[int, int]) -> None:
    result = ocr.read_picture(Image.new("L", size))

    assert (result.segments, result.width, result.height) == ((), *size)


def test_small_type_asks_for_a_finer_raster() -> None:
    import numpy as np

    pixels = np.zeros((3000, 2000, 3), np.uint8)

    def reading(size: float) -> ocr._Reading:
        # Ten characters and the detector's margin.
        box = np.array([[0, 0], [9 * size + 2 * size, 0], [0, 0], [0, 2 * size]], np.float32)
        box[2] = box[1] + box[3]
        return ocr._Reading(box, "轴承温度不得超过三十", 1.0)

    assert ocr._finer_raster(pixels, [reading(40)]) == 0
    assert ocr._finer_raster(pixels, [reading(18)]) == 2167
    assert ocr._finer_raster(pixels, [reading(8)]) == 2400
    assert ocr._finer_raster(pixels, []) == 0


def test_a_fresh_process_reads_without_network_and_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_FRESH_PROCESS, str(DATA / "notice.png")],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": ""},
    )

    assert (done.stdout.strip(), done.stderr) == ("4", "")


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ocr.available()
    find_spec = ocr_engine.find_spec
    monkeypatch.setattr(
        ocr_engine, "find_spec", lambda name: None if name == "rapidocr" else find_spec(name)
    )
    ocr_engine._engine.cache_clear()

    assert not ocr.available()
    with pytest.raises(OcrUnavailableError):
        ocr.read_picture(notice())


def test_a_model_that_was_changed_is_refused(tmp_path: Path) -> None:
    model = PackagePath("models/a.onnx")
    model.dist = SimpleNamespace(locate_file=lambda path: tmp_path / path)  # type: ignore[assignment]
    model.hash = FileHash("sha256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ")
    (tmp_path / "models").mkdir()
    (tmp_path / model).write_bytes(b"hello")
    ocr_engine._verify(model)
    (tmp_path / model).write_bytes(b"hullo")

    with pytest.raises(OcrUnavailableError, match=r"a\.onnx"):
        ocr_engine._verify(model)


@pytest.mark.parametrize(("said", "threads"), [(None, 1), ("1", 1), ("0", 1), ("many", 1)])
def test_it_computes_on_one_thread_unless_told(
    said: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)

    assert ocr_engine._threads() == threads
