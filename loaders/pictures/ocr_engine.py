"""The recogniser behind `pictures.ocr`: RapidOCR with the models of its own wheel, one a process.

Nothing is downloaded and nothing written: the model files are named one by one, so that the
library never looks for them elsewhere, and compared with what the package's own record says.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, PackagePath, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.errors import OcrUnavailableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Quads = NDArray[np.float32]

logger = logging.getLogger(__name__)

_PACKAGES = ("rapidocr", "onnxruntime", "cv2", "PIL")
_MODELS = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Cls.model_path": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
}


def available() -> bool:
    """Tell, without importing it, whether the OCR is installed with its models."""
    if any(find_spec(name) is None for name in _PACKAGES):
        return False
    found = _models()
    return len(found) == len(_MODELS) and all(_place(model).is_file() for model in found.values())


def detect(pixels: Pixels) -> Quads:
    """Return the corners of each line of text found, clockwise from its top left: (n, 4, 2)."""
    import numpy as np

    found = _engine()(pixels, use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None:
        return np.zeros((0, 4, 2), np.float32)
    quads: Quads = np.asarray(found.boxes, np.float32)
    return quads


def recognise(patches: Sequence[Pixels]) -> list[tuple[str, float]]:
    """Return the text of each patch, one line from left to right, and its score (0-1)."""
    if not patches:
        return []
    found = _engine().recognize_txt(list(patches))
    return [
        (text.strip(), float(score)) for text, score in zip(found.txts, found.scores, strict=True)
    ]


def _models() -> dict[str, PackagePath]:
    """Map the engine's parameters to the model files that its package lists."""
    try:
        files = distribution("rapidocr").files or []
    except PackageNotFoundError:
        return {}
    by_name = {path.name: path for path in files if path.suffix == ".onnx"}
    return {key: by_name[name] for key, name in _MODELS.items() if name in by_name}


def _place(model: PackagePath) -> Path:
    return Path(model.locate())


@cache
def _engine() -> Any:
    if not available():
        raise OcrUnavailableError("reading pictures needs the package rapidocr with its models")
    models = _models()
    for model in models.values():
        _verify(model)
    import cv2
    from rapidocr import RapidOCR

    threads = _threads()
    cv2.setNumThreads(threads)
    return RapidOCR(
        params={
            **{key: str(_place(model)) for key, model in models.items()},
            "Global.log_level": "critical",
            # `loaders.pictures.ocr` brings every picture to the size that reads best.
            "Global.min_side_len": 1,
            "Global.max_side_len": 1_000_000,
            "Det.limit_side_len": 32,
            # Lines differ in length: in a batch each would be padded to the longest of them.
            "Rec.rec_batch_num": 1,
            # The least width to which a line is padded: half of the default reads short lines, as
            # in tables, in 0.6 of the time and as well.
            "Rec.rec_img_shape": [3, 48, 160],
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _threads() -> int:
    """Return how many threads to compute on: as the environment says, else one.

    Several files are parsed side by side, each in a process of its own.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(int(wanted), os.cpu_count() or 1)) if wanted.isdecimal() else 1


def _verify(model: PackagePath) -> None:
    if model.hash is None:
        return
    with _place(model).open("rb") as stream:
        digest = hashlib.file_digest(stream, model.hash.mode).digest()
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != model.hash.value:
        raise OcrUnavailableError(f"the model {model.name} is not what its package brought")
