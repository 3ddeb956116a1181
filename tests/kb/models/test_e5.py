import json
from pathlib import Path

import numpy as np
import pytest

from kb.embedders.registry import open_embedder
from kb.errors import ModelFileError
from kb.models.e5 import check_e5, convert_e5
from kb.models.table import find_embedder
from kb.settings import load_settings
from tests.kb.models import tiny

_REFERENCE = Path(__file__).parents[2] / "data" / "models" / "e5_vectors.json"


def test_another_model_of_the_same_layout_is_refused(tmp_path: Path) -> None:
    packed = tiny.write_packed(tmp_path / "packed.bin")
    with pytest.raises(ModelFileError, match="gives other tokens than its source"):
        convert_e5(packed.path, tmp_path / "out")


@pytest.mark.models
def test_the_bundled_embedder_is_the_known_model() -> None:
    check_e5(load_settings().models / "e5-small")


@pytest.mark.models
def test_vectors_are_those_of_the_source_engine() -> None:
    folder = load_settings().models
    embedder = open_embedder(find_embedder("e5-small", folder), folder=folder, threads=2)
    for reference in json.loads(_REFERENCE.read_text(encoding="utf-8")):
        text = [reference["text"]]
        if "query" in reference:
            vector, expected = embedder.embed_queries(text)[0], reference["query"]
        else:
            vector, expected = embedder.embed_passages(text)[0], reference["passage"]
        assert float(vector @ np.array(expected)) > 0.985
    embedder.close()
