"""Tiny embedders made on the spot: ONNX exports and a sentence-transformers folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kb.models.graph import write_graph
from kb.models.packed import PackedModel
from kb.models.table import EmbedderModel
from kb.models.unigram import write_tokenizer
from tests.kb.models.tiny import write_packed

DIM = 16
LETTERS = "合同赔偿解除股东会表决天气预报晴转多云abc123"


def record(backend: str, *, path: Path | str = "", **values: object) -> EmbedderModel:
    """Describe a tiny embedder."""
    given: dict[str, object] = {
        "name": f"tiny-{backend}",
        "backend": backend,
        "licence": "",
        "size": 1,
        "dim": DIM,
        "max_tokens": 12,
        "path": str(path),
    }
    return EmbedderModel(**(given | values))  # type: ignore[arg-type]


def write_masked_export(folder: Path, *, graph: str = "model.onnx") -> Path:
    """Write an export as optimum does: hidden states out, mask and token types in."""
    (folder / graph).parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    words = numpy_helper.from_array(
        rng.normal(size=(len(LETTERS) + 3, DIM)).astype(np.float32), "words"
    )
    kinds = numpy_helper.from_array(rng.normal(size=(2, DIM)).astype(np.float32), "kinds")
    names = ("input_ids", "attention_mask", "token_type_ids")
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["word"]),
        helper.make_node("Gather", ["kinds", "token_type_ids"], ["kind"]),
        helper.make_node("Add", ["word", "kind"], ["sum"]),
        # The mask takes part, or the runtime would drop the input.
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["sum", "wide"], ["last_hidden_state"]),
    ]
    model = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "t"]) for name in names],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["b", "t", DIM])],
        [words, kinds, numpy_helper.from_array(np.array([-1]), "last")],
    )
    opset = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(model, opset_imports=opset, ir_version=10), folder / graph)
    _write_letter_tokenizer(folder / "tokenizer.json")
    return folder


def _write_letter_tokenizer(path: Path) -> None:
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2} | {
        letter: number for number, letter in enumerate(LETTERS, 3)
    }
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated",
                          "invert": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }  # fmt: skip
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def write_converted(folder: Path) -> Path:
    """Write what the bundled embedder's conversion writes, only tiny."""
    folder.mkdir(parents=True, exist_ok=True)
    model = PackedModel(write_packed(folder / "packed.bin").path)
    write_graph(model, folder / "model.onnx")
    write_tokenizer(model.pieces, folder / "tokenizer.json")
    return folder


def write_sentence_transformer(folder: Path) -> Path:
    """Write a BERT of random weights as sentence-transformers saves it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(5)
    plain = folder / "bert"
    plain.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS]
    (plain / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)), encoding="utf-8")
    BertTokenizerFast(vocab=str(plain / "vocab.txt")).save_pretrained(plain)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=DIM,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(plain)
    parts = [Transformer(str(plain), max_seq_length=32), Pooling(DIM, pooling_mode="mean")]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "model"))
    return folder / "model"
