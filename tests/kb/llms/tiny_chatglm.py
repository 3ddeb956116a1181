"""Tiny random models of the ChatGLM family, written by chatglm.cpp's own converter.

The true architecture, tokenizer and file format; only the weights are few and mean nothing.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TEXT = (
    "员工出差住宿费每晚不超过五百元，由主管审批后按月发放。仓库的货物按编号登记，由管理员当日核对，"
    "差错在三日内更正。年假为十天，婚假为十五天，病假须附医院证明。合同一式两份，各执一份，自签字之日起生效。"
    "The warehouse keeper checks the goods every day and corrects errors within three days. "
    "问：住宿费每晚最多多少元？答：五百元。"
)
WIDTH, HEADS, GROUPS, LAYERS, INNER = 64, 4, 2, 2, 128
CONTEXT = 512
FAMILIES = ("chatglm", "chatglm2", "chatglm3", "glm4")


def write_model(
    path: Path,
    family: str = "chatglm2",
    *,
    kind: str = "f16",
    prefix: int = 0,
    context: int = CONTEXT,
) -> Path:
    """Write a model file; ``kind`` is how weights are stored, ``prefix`` tokens of P-Tuning v2."""
    import torch
    from chatglm_cpp import convert

    torch.manual_seed(7)
    tokenizer, vocabulary = _tokenizer(family, path)
    make: Callable[..., Any] = _first if family == "chatglm" else _later
    model = make(torch, vocabulary, prefix, context)
    converter = {
        "chatglm": convert.ChatGLMConverter,
        "chatglm2": convert.ChatGLM2Converter,
        "chatglm3": convert.ChatGLM3Converter,
        "glm4": convert.ChatGLM4Converter,
    }[family]
    with path.open("wb") as file:
        converter.convert(file, model, tokenizer, convert.GGMLType[kind.upper()])
    return path


def write_folder(folder: Path, family: str = "chatglm2", *, prefix: int = 0) -> Path:
    """Write the model of `write_model` as its makers publish it, in two files of weights."""
    import json

    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    torch.manual_seed(7)
    tokenizer, vocabulary = _tokenizer(family, folder / "tokenizer")
    make: Callable[..., Any] = _first if family == "chatglm" else _later
    model = make(torch, vocabulary, prefix, CONTEXT)
    config = {"model_type": "chatglm", **vars(model.config)}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    if family == "glm4":
        (folder / "tokenizer.tiktoken").rename(folder / "tokenizer.model")
    elif family == "chatglm":
        pieces = tokenizer.sp_tokenizer.text_tokenizer.sp
        (folder / "ice_text.model").write_bytes(pieces.serialized_model_proto())
    else:
        (folder / "tokenizer.model").write_bytes(
            tokenizer.tokenizer.sp_model.serialized_model_proto()
        )
    if family == "chatglm3":
        (folder / "tokenization_chatglm.py").write_text('MARKS = ["<|system|>"]', "utf-8")
    states = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    states.pop("lm_head.weight", None)
    if prefix:
        name = "transformer.prefix_encoder.embedding.weight"
        states[name] = model.transformer.prefix_encoder(torch.arange(prefix))
    names = sorted(states)
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        if family == "chatglm":
            torch.save(
                {name: states[name] for name in part}, folder / f"pytorch_model-{number}-of-2.bin"
            )
        else:
            save_file(
                {name: states[name] for name in part}, folder / f"model-{number}-of-2.safetensors"
            )
    return folder


def _tokenizer(family: str, path: Path) -> tuple[Any, int]:
    """A tokenizer as the converter knows it, and how many tokens it has with its special ones."""
    if family == "glm4":
        lines = [f"{base64.b64encode(bytes([byte])).decode()} {byte}" for byte in range(256)]
        file = path.with_suffix(".tiktoken")
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return SimpleNamespace(vocab_file=str(file)), 256 + 14
    import sentencepiece

    model = io.BytesIO()
    marks = ["<sop>", "<eop>", "[MASK]", "[gMASK]", "<pad>", "<n>"] if family == "chatglm" else []
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([TEXT]),
        model_writer=model,
        vocab_size=480,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=1.0,
        user_defined_symbols=marks,
        add_dummy_prefix=family == "chatglm",
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    whole = SimpleNamespace(
        sp_tokenizer=SimpleNamespace(text_tokenizer=SimpleNamespace(sp=pieces)),
        tokenizer=SimpleNamespace(sp_model=pieces),
    )
    return whole, 480 + {"chatglm": 0, "chatglm2": 5, "chatglm3": 9}[family]


def _later(torch: Any, vocabulary: int, prefix: int, context: int) -> Any:
    """ChatGLM2, ChatGLM3 or GLM-4: the same architecture."""
    head = WIDTH // HEADS
    config = SimpleNamespace(
        add_bias_linear=False,
        add_qkv_bias=True,
        apply_residual_connection_post_layernorm=False,
        kv_channels=head,
        num_attention_heads=HEADS,
        hidden_size=WIDTH,
        multi_query_attention=True,
        multi_query_group_num=GROUPS,
        original_rope=True,
        post_layer_norm=True,
        rmsnorm=True,
        padded_vocab_size=vocabulary,
        num_layers=LAYERS,
        ffn_hidden_size=INNER,
        layernorm_epsilon=1e-5,
        pre_seq_len=prefix or None,
        seq_length=context,
        eos_token_id=2,
        pad_token_id=0,
        quantization_bit=None,
    )
    weights = {"transformer.embedding.word_embeddings.weight": (vocabulary, WIDTH)}
    for number in range(LAYERS):
        layer = f"transformer.encoder.layers.{number}"
        keys = (HEADS + 2 * GROUPS) * head
        weights |= {
            f"{layer}.input_layernorm.weight": (WIDTH,),
            f"{layer}.self_attention.query_key_value.weight": (keys, WIDTH),
            f"{layer}.self_attention.query_key_value.bias": (keys,),
            f"{layer}.self_attention.dense.weight": (WIDTH, WIDTH),
            f"{layer}.post_attention_layernorm.weight": (WIDTH,),
            f"{layer}.mlp.dense_h_to_4h.weight": (2 * INNER, WIDTH),
            f"{layer}.mlp.dense_4h_to_h.weight": (WIDTH, INNER),
        }
    weights["transformer.encoder.final_layernorm.weight"] = (WIDTH,)
    weights["transformer.output_layer.weight"] = (vocabulary, WIDTH)

    def encode(tokens: Any) -> Any:
        return torch.randn(len(tokens), LAYERS * 2 * GROUPS * head)

    transformer = SimpleNamespace(prefix_encoder=encode)
    return _model(torch, config, weights, transformer)


def _first(torch: Any, vocabulary: int, prefix: int, context: int) -> Any:
    """The first ChatGLM."""
    config = SimpleNamespace(
        position_encoding_2d=True,
        inner_hidden_size=4 * WIDTH,
        hidden_size=WIDTH,
        vocab_size=vocabulary,
        num_attention_heads=HEADS,
        num_layers=LAYERS,
        layernorm_epsilon=1e-5,
        pre_seq_len=prefix or None,
        max_sequence_length=context,
        eos_token_id=4,
        pad_token_id=7,
        quantization_bit=0,
    )
    weights = {"transformer.word_embeddings.weight": (vocabulary, WIDTH)}
    for number in range(LAYERS):
        layer = f"transformer.layers.{number}"
        for name, shape in (
            ("input_layernorm", (WIDTH,)),
            ("attention.query_key_value", (3 * WIDTH, WIDTH)),
            ("attention.dense", (WIDTH, WIDTH)),
            ("post_attention_layernorm", (WIDTH,)),
            ("mlp.dense_h_to_4h", (4 * WIDTH, WIDTH)),
            ("mlp.dense_4h_to_h", (WIDTH, 4 * WIDTH)),
        ):
            weights[f"{layer}.{name}.weight"] = shape
            weights[f"{layer}.{name}.bias"] = shape[:1]
    weights["transformer.final_layernorm.weight"] = (WIDTH,)
    weights["transformer.final_layernorm.bias"] = (WIDTH,)
    model = _model(torch, config, weights, None)
    states = model.state_dict()
    # Its head is its embedding: with less from the layers it would only repeat the last token.
    for name in states:
        if name.endswith(("dense.weight", "dense_4h_to_h.weight")):
            states[name] *= 8
    states["lm_head.weight"] = states["transformer.word_embeddings.weight"]
    return SimpleNamespace(config=config, state_dict=lambda: states)


def _model(torch: Any, config: Any, weights: dict[str, tuple[int, ...]], transformer: Any) -> Any:
    states = {
        name: 1 + 0.1 * torch.randn(shape) if "layernorm.weight" in name else torch.randn(shape) / 4
        for name, shape in weights.items()
    }
    return SimpleNamespace(config=config, state_dict=lambda: dict(states), transformer=transformer)
