"""Writes a sentence-transformers folder (m3e, BGE) as an ONNX graph with int8 weights."""

from __future__ import annotations

import importlib
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.embedders.onnx import OnnxEmbedder
from kb.errors import BackendUnavailableError, ConversionError
from kb.models.calibration import sample_texts
from kb.models.table import EmbedderModel

INSTALL = "python3 -m app setup --transformers"
GRAPH_FILE = "model_quantized.onnx"
_WHOLE = "model.onnx"
_OPSET = 17
# What is lost by eight bits is less than this; more is a fault of the conversion.
_LEAST_COSINE = 0.9
_KEPT = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
)


@dataclass(frozen=True, slots=True)
class CosineReport:
    """How near the new vectors are to the old ones: cosines over ``texts`` sample texts."""

    texts: int
    mean: float
    least: float


def write_onnx(
    model: EmbedderModel,
    source: Path,
    target: Path,
    *,
    advance: Callable[[float], None] = lambda _share: None,
) -> CosineReport:
    """Write the folder ``target`` for the ``onnx`` backend and compare it with its source.

    Raises:
        BackendUnavailableError: torch or sentence-transformers are not installed.
        ConversionError: the folder cannot be loaded or exported, or the result differs too much.
    """
    try:
        torch: Any = importlib.import_module("torch")
        library: Any = importlib.import_module("sentence_transformers")
        quantization: Any = importlib.import_module("onnxruntime.quantization")
    except ImportError as exc:
        raise BackendUnavailableError(
            f"to convert {model.name} takes sentence-transformers: {INSTALL}", hint=INSTALL
        ) from exc
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        original: Any = library.SentenceTransformer(
            str(source),
            device="cpu",
            local_files_only=True,
            # The fused attention of PyTorch has no form in ONNX that every graph takes.
            model_kwargs={"attn_implementation": "eager"},
        )
        original.max_seq_length = model.max_tokens
        advance(0.1)
        _export(torch, original, part / _WHOLE)
        advance(0.4)
        quantization.quantize_dynamic(
            part / _WHOLE,
            part / GRAPH_FILE,
            per_channel=True,
            # Seven bits: processors without VNNI add two products in 16 bits.
            reduce_range=True,
            weight_type=quantization.QuantType.QInt8,
        )
        (part / _WHOLE).unlink()
        for name in _KEPT:
            if (source / name).is_file():
                (part / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(source / name, part / name)
        original.tokenizer.backend_tokenizer.save(str(part / "tokenizer.json"))
        advance(0.7)
        report = _compare(model, original, part)
        advance(1.0)
    except ConversionError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    except Exception as exc:  # each of the libraries has errors of its own
        shutil.rmtree(part, ignore_errors=True)
        raise ConversionError(
            f"{source} cannot be converted: {exc}", hint="kb models verify", model=model.name
        ) from exc
    if target.exists():
        shutil.rmtree(target)
    part.replace(target)
    return report


def _export(torch: Any, original: Any, target: Path) -> None:
    class TokenVectors(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = original[0].auto_model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            found = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
            return found.last_hidden_state

    ids = torch.ones(2, 7, dtype=torch.long)
    axes = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        # The newer exporter needs one more package and writes the same graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            TokenVectors().eval(),
            (ids, torch.ones_like(ids)),
            str(target),
            dynamo=False,
            opset_version=_OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["last_hidden_state"],
            dynamic_axes=dict.fromkeys(("input_ids", "attention_mask", "last_hidden_state"), axes),
        )


def _compare(model: EmbedderModel, original: Any, folder: Path) -> CosineReport:
    # They come with the prefixes of another model.
    texts = [text.partition(": ")[2] for text in sample_texts()]
    known = original.encode(
        [model.passage_prefix + text for text in texts],
        normalize_embeddings=True,
        show_progress_bar=False,
    )
    embedder = OnnxEmbedder(model, path=folder, threads=1)
    try:
        found = embedder.embed_passages(texts)
    finally:
        embedder.close()
    cosines = (np.asarray(known) * found).sum(axis=1)
    report = CosineReport(len(texts), float(cosines.mean()), float(cosines.min()))
    if not report.mean >= _LEAST_COSINE:
        raise ConversionError(
            f"{model.name}: the converted vectors differ too much from their source (cosine "
            f"{report.mean:.3f})",
            model=model.name,
        )
    return report
