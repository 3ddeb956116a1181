"""Turn the packed multilingual-e5-small into a folder for the ``onnx`` embedder, and prove it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.errors import ModelFileError

GRAPH_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"

_SENTENCE = "passage: An index can be rebuilt; the catalog is the only truth."
_IDS = (
    0, 46692, 12, 893, 63262, 831, 186, 456, 978, 24908, 74, 70, 71426, 83, 70, 4734, 85027, 5, 2,
)  # fmt: skip
# The first numbers of the source engine's own vector of the sentence.
_VECTOR = (
    0.0427, -0.0122, -0.0431, -0.0598, 0.0518, -0.0258, 0.0133, 0.0229,
    0.0619, 0.0104, 0.0459, 0.0535, 0.0854, -0.0521, -0.0416, 0.0269,
    0.0491, -0.0505, -0.0306, -0.0287, -0.0032, 0.0208, -0.0241, 0.0453,
)  # fmt: skip
_LEAST_COSINE = 0.97
# The share of the time that running the samples takes; the rest is planning.
_OBSERVING = 0.8


def convert_e5(
    packed: Path, folder: Path, advance: Callable[[float], None] = lambda _share: None
) -> None:
    """Write ``model.onnx`` and ``tokenizer.json`` into the folder and check them.

    ``advance`` gets the share of the work that is done, 0 to 1.

    Raises:
        ModelFileError: the packed file is damaged, or the result is not the known model.
    """
    # Both need the `onnx` package or seconds of work: nothing of it at import.
    from tokenizers import Tokenizer

    from kb.models.calibration import plan_layer, sample_texts
    from kb.models.graph import observe, write_graph
    from kb.models.packed import PackedModel
    from kb.models.unigram import write_tokenizer

    model = PackedModel(packed)
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(model.pieces, folder / TOKENIZER_FILE)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.enable_truncation(model.sizes.positions)
    samples = [tokenizer.encode(text).ids for text in sample_texts()]
    plans = []
    seen = observe(model, samples, lambda share: advance(share * _OBSERVING))
    for layer, found in enumerate(seen, start=1):
        plans.append(plan_layer(model, layer - 1, found))
        advance(_OBSERVING + (1 - _OBSERVING) * layer / model.sizes.layers)
    write_graph(model, folder / GRAPH_FILE, plans)
    check_e5(folder)


def check_e5(folder: Path) -> None:
    """Compare what the converted model says of a fixed sentence with what its source says.

    Raises:
        ModelFileError: other tokens or another vector.
    """
    import onnxruntime
    from tokenizers import Tokenizer

    ids = Tokenizer.from_file(str(folder / TOKENIZER_FILE)).encode(_SENTENCE).ids
    if tuple(ids) != _IDS:
        raise ModelFileError(
            f"the tokenizer in {folder} gives other tokens than its source", model=folder.name
        )
    session = onnxruntime.InferenceSession(
        str(folder / GRAPH_FILE), providers=["CPUExecutionProvider"]
    )
    vector: NDArray[np.float32] = session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0]
    start, known = vector[: len(_VECTOR)], np.array(_VECTOR)
    cosine = float(start @ known / (np.linalg.norm(start) * np.linalg.norm(known)))
    if not cosine >= _LEAST_COSINE:
        raise ModelFileError(
            f"the model in {folder} gives another vector than its source (cosine {cosine:.3f})",
            model=folder.name,
        )
