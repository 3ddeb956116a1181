from pathlib import Path

import numpy as np
import pytest

from kb.errors import ModelFileError
from kb.models.packed import PackedModel
from tests.kb.models import tiny


def test_sizes_pieces_and_normalisation_are_read(tmp_path: Path) -> None:
    model = PackedModel(tiny.write_packed(tmp_path / "packed.bin").path)
    sizes = model.sizes
    assert (sizes.hidden, sizes.layers, sizes.heads, sizes.positions) == (64, 2, 2, 16)
    assert model.pieces.texts == tuple(tiny.PIECES)
    assert model.pieces.scores == tuple(tiny.SCORES)
    assert (model.pieces.bos, model.pieces.eos, model.pieces.unknown) == (0, 2, 3)
    assert model.pieces.normalisation == tiny.NORMALISATION


def test_matrices_are_unpacked_to_the_weights_they_stand_for(tmp_path: Path) -> None:
    packed = tiny.write_packed(tmp_path / "packed.bin")
    model = PackedModel(packed.path)
    np.testing.assert_array_equal(model.blocks("l1.fo.w", 128).dense(), packed.tensors["l1.fo.w"])
    np.testing.assert_array_equal(model.floats("l0.aln.w"), packed.tensors["l0.aln.w"])


def test_an_unknown_tensor_is_named(tmp_path: Path) -> None:
    model = PackedModel(tiny.write_packed(tmp_path / "packed.bin").path)
    with pytest.raises(ModelFileError, match=r"packed\.bin lacks the tensor l9\.q\.w"):
        model.floats("l9.q.w")


@pytest.mark.parametrize("content", [b"GGUF" + bytes(200), b"E5S1" + bytes(200), b"E5"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "packed.bin"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not a whole packed model"):
        PackedModel(path)


def test_a_file_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    path = tiny.write_packed(tmp_path / "packed.bin").path
    path.write_bytes(path.read_bytes()[:120])
    with pytest.raises(ModelFileError, match="not a whole packed model"):
        PackedModel(path)
