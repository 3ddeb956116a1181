from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kb.conversion import convert
from kb.embedders.registry import open_embedder
from kb.errors import ModelFileError, NotFoundError
from kb.models.ggml import read_header
from kb.models.local import register_path
from kb.models.progress import Progress
from kb.models.table import EmbedderModel, find, find_embedder
from tests.kb.embedders.tiny_models import write_sentence_transformer
from tests.kb.llms import tiny_chatglm

pytestmark = pytest.mark.models


@pytest.fixture
def models(tmp_path: Path) -> Path:
    pytest.importorskip("torch")
    return tmp_path / "models"


def ignore(_progress: Progress) -> None:
    return


def family_of(name: str, models: Path, tmp_path: Path, **options: int) -> Path:
    pytest.importorskip("chatglm_cpp")
    folder = tiny_chatglm.write_folder(tmp_path / name, name, **options)
    register_path(name, folder, folder=models)
    return folder


@pytest.mark.parametrize("family", tiny_chatglm.FAMILIES)
@pytest.mark.parametrize("kind", ["q4_0", "f16"])
def test_a_folder_becomes_the_file_that_chatglm_cpp_itself_writes(
    family: str, kind: str, models: Path, tmp_path: Path
) -> None:
    family_of(family, models, tmp_path)
    expected = tiny_chatglm.write_model(tmp_path / "expected.bin", family, kind=kind)
    seen: list[float] = []
    made = convert(
        family,
        folder=models,
        quantize=kind,
        progress=lambda report: seen.append(report.done / report.total),
    )
    assert made.path.read_bytes() == expected.read_bytes()
    assert (made.model.name, made.model.backend) == (f"{family}-{kind}", "chatglm_cpp")
    assert find(made.model.name, models) == made.model
    assert seen == sorted(seen)
    assert len(seen) > 5


def test_the_usual_way_to_store_weights_is_four_bits(models: Path, tmp_path: Path) -> None:
    family_of("chatglm2", models, tmp_path)
    made = convert("chatglm2", folder=models, progress=ignore)
    assert read_header(made.path).quantisation == "q4_0"


def test_a_prefix_of_p_tuning_goes_with_the_model(models: Path, tmp_path: Path) -> None:
    family_of("chatglm2", models, tmp_path)
    tuned = tiny_chatglm.write_folder(tmp_path / "tuned", prefix=16)
    for path in tuned.glob("*.safetensors"):
        _keep_only(path, "transformer.prefix_encoder.")
    made = convert("chatglm2", folder=models, quantize="f16", prefix=tuned, progress=ignore)
    assert read_header(made.path).prefix_tokens == 16
    expected = tiny_chatglm.write_model(tmp_path / "expected.bin", prefix=16)
    assert made.path.read_bytes() == expected.read_bytes()


def test_a_lora_is_added_to_the_weights(models: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = family_of("chatglm2", models, tmp_path)
    name = "transformer.encoder.layers.0.self_attention.query_key_value"
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    said = {"r": 2, "lora_alpha": 6}
    (adapter / "adapter_config.json").write_text(json.dumps(said), "utf-8")
    first, second = torch.randn(2, tiny_chatglm.WIDTH), torch.randn(128, 2)
    save_file(
        {
            f"base_model.model.{name}.lora_A.weight": first,
            f"base_model.model.{name}.lora_B.weight": second,
        },
        adapter / "adapter_model.safetensors",
    )
    made = convert("chatglm2", folder=models, quantize="f16", lora=adapter, progress=ignore)
    merged = tmp_path / "merged"
    tiny_chatglm.write_folder(merged)
    for path in merged.glob("*.safetensors"):
        states = load_file(path)
        if f"{name}.weight" in states:
            states[f"{name}.weight"] += 3 * second @ first
        save_file(states, path)
    register_path("merged", merged, folder=models)
    same = convert("merged", folder=models, quantize="f16", progress=ignore)
    assert made.path.read_bytes() == same.path.read_bytes()
    _rename(adapter / "adapter_model.safetensors", name, "transformer.other")
    with pytest.raises(ModelFileError, match="an adapter of another model"):
        convert("chatglm2", folder=models, lora=adapter, progress=ignore)
    assert folder.is_dir()


def test_what_is_missing_or_of_another_kind_is_told(models: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        convert("absent", folder=models, progress=ignore)
    with pytest.raises(ModelFileError, match="is not here"):
        convert("chatglm2-6b", folder=models, progress=ignore)
    folder = family_of("chatglm2", models, tmp_path)
    with pytest.raises(ModelFileError, match="not as q3"):
        convert("chatglm2", folder=models, quantize="q3", progress=ignore)
    weights = sorted(folder.glob("*.safetensors"))
    weights[0].write_bytes(weights[0].read_bytes()[:-100])
    with pytest.raises(ModelFileError, match="cannot be read"):
        convert("chatglm2", folder=models, progress=ignore)
    weights[0].unlink()
    with pytest.raises(ModelFileError, match="lacks the weights"):
        convert("chatglm2", folder=models, progress=ignore)
    assert not list(models.glob("*.bin*"))


def test_an_embedder_becomes_small_and_stays_near_its_source(models: Path, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    source = write_sentence_transformer(tmp_path / "bert")
    registered = register_path("bge-small-zh-v1.5-mine", source, folder=models)
    made = convert("bge-small-zh-v1.5-mine", folder=models, progress=ignore)
    assert made.cosine_mean is not None
    assert made.cosine_least is not None
    assert made.cosine_mean > 0.98
    assert 0.9 < made.cosine_least <= made.cosine_mean
    record = find_embedder("bge-small-zh-v1.5-mine-int8", models)
    assert isinstance(registered, EmbedderModel)
    assert (record.backend, record.pooling) == ("onnx", "mean")
    assert record.query_prefix == registered.query_prefix != ""
    texts = ["合同赔偿", "股东会表决" * 20, "abc123"]
    whole = open_embedder(registered, folder=models, threads=1)
    small = open_embedder(record, folder=models, threads=1)
    cosines = (whole.embed_queries(texts) * small.embed_queries(texts)).sum(axis=1)
    assert np.all(cosines > 0.95)
    small.close()
    whole.close()
    with pytest.raises(ModelFileError, match="runs by onnx already"):
        convert(record.name, folder=models, progress=ignore)


def _keep_only(path: Path, beginning: str) -> None:
    from safetensors.torch import load_file, save_file

    kept = {name: tensor for name, tensor in load_file(path).items() if name.startswith(beginning)}
    save_file(kept, path)


def _rename(path: Path, old: str, new: str) -> None:
    from safetensors.torch import load_file, save_file

    save_file({name.replace(old, new): each for name, each in load_file(path).items()}, path)
