"""Embed with an ONNX graph and its ``tokenizer.json``: the bundled e5, an export of m3e or BGE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kb.embedders.base import Embedder, Vectors
from kb.errors import BackendUnavailableError, EmbeddingError, ModelFileError
from kb.models.local import GRAPH_FILES, graph_file
from kb.models.table import EmbedderModel

_TOKENIZER = "tokenizer.json"
_POOLED = ("sentence_embedding", "pooled_output")
# A call of the graph takes about 0.1 s for a small model on one core: a question never waits long.
_TOKENS_PER_CALL = 512
# onnxruntime's fused form is eight times slower than the two nodes it replaces (CPU, float32).
_SLOW_FUSIONS = ["SkipLayerNormFusion"]

Ids = NDArray[np.int64]


class OnnxEmbedder(Embedder):
    """An ONNX graph under onnxruntime, each call on one core, as many calls at once as threads.

    A graph that takes an attention mask gets batches of texts of similar length; one that takes
    none gets its texts one by one.
    """

    def __init__(self, model: EmbedderModel, *, path: Path, threads: int) -> None:
        super().__init__(model)
        graph = graph_file(path)
        tokenizer = path / _TOKENIZER
        if graph is None or not tokenizer.is_file():
            missing = _TOKENIZER if graph else f"any of {', '.join(GRAPH_FILES)}"
            raise BackendUnavailableError(
                f"the embedder {model.name} is not complete: {path} lacks {missing}",
                hint=f"kb models pull {model.name}",
                model=model.name,
            )
        self._tokenizer = _open_tokenizer(tokenizer, model)
        self._session = _open_session(graph, model)
        self._inputs = {item.name for item in self._session.get_inputs()}
        outputs = [item.name for item in self._session.get_outputs()]
        self._output = next((name for name in _POOLED if name in outputs), outputs[0])
        self._threads = max(1, threads)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix=f"embed-{model.name}")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as the graph gets it, cut to the model's limit."""
        return len(self._tokenizer.encode(text).ids)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        batches = list(self._batches([len(tokens) for tokens in ids]))
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)

        def run(batch: list[int]) -> None:
            found = self._run([ids[i] for i in batch])
            vectors[batch] = self._of_right_shape(found, len(batch))

        if len(batches) == 1:
            # A question is embedded in its own thread: it never queues behind an ingest's batches.
            run(batches[0])
        else:
            for _ in self._pool.map(run, batches):
                pass
        return vectors

    def _batches(self, lengths: list[int]) -> Iterator[list[int]]:
        order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
        if "attention_mask" not in self._inputs:
            yield from ([i] for i in order)
            return
        start = 0
        while start < len(order):
            count = max(1, _TOKENS_PER_CALL // max(1, lengths[order[start]]))
            yield order[start : start + count]
            start += count

    def _run(self, batch: list[list[int]]) -> Vectors:
        width = max(len(tokens) for tokens in batch)
        ids: Ids = np.zeros((len(batch), width), dtype=np.int64)
        mask: Ids = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        # onnxruntime's errors share no base below Exception.
        try:
            outputs = self._session.run(
                [self._output], {name: feed[name] for name in feed if name in self._inputs}
            )
        except Exception as exc:
            raise EmbeddingError(f"{self.model_id} failed on {len(batch)} texts: {exc}") from exc
        return self._pooled(np.asarray(outputs[0], dtype=np.float32), mask)

    def _pooled(self, output: Vectors, mask: Ids) -> Vectors:
        if output.ndim == 2:
            return output
        if self.model.pooling == "cls":
            return output[:, 0]
        weights = mask.astype(np.float32)
        pooled: Vectors = np.einsum("bth,bt->bh", output, weights) / weights.sum(1, keepdims=True)
        return pooled


def _open_tokenizer(path: Path, model: EmbedderModel) -> Tokenizer:
    # The Rust side raises plain Exception.
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as exc:
        raise ModelFileError(
            f"{path} cannot be read: {exc}", hint="kb models verify", model=model.name
        ) from exc
    tokenizer.enable_truncation(model.max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _open_session(path: Path, model: EmbedderModel) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A thread that waits must not take the core of one that works.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # onnxruntime's errors share no base below Exception.
    try:
        return onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_SLOW_FUSIONS,
        )
    except Exception as exc:
        raise ModelFileError(
            f"{path} cannot be loaded: {exc}", hint="kb models verify", model=model.name
        ) from exc
