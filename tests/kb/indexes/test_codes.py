from pathlib import Path

import faiss
import numpy as np
import pytest

from kb.indexes.codes import CodeWriter, read_codes

DIM = 12


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(4).standard_normal((count, DIM)).astype(np.float32)


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_the_file_is_what_faiss_itself_writes(tmp_path: Path, count: int) -> None:
    index = faiss.IndexScalarQuantizer(
        DIM, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.add(rows(count))
    faiss.write_index(index, str(tmp_path / "whole"))
    with CodeWriter(tmp_path / "pieces", DIM) as writer:
        for start in range(0, count, 300):
            writer.write(rows(count)[start : start + 300].astype(np.float16))
    assert writer.count == count
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()


def test_vectors_are_read_back_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    with CodeWriter(path, DIM) as writer:
        writer.write(rows(50).astype(np.float16))
    found = read_codes(path, DIM, 50, np.array([0, 7, 49]))
    np.testing.assert_array_equal(found, rows(50).astype(np.float16)[[0, 7, 49]])
