"""Makes a smaller or quicker model of one that is here: GGML of ChatGLM, int8 ONNX of embedders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kb.errors import ConversionError
from kb.models.chatglm import KINDS, Kind, is_chatglm, write_ggml
from kb.models.local import register_path
from kb.models.progress import Meter, Reporter
from kb.models.table import ChatModel, EmbedderModel, Model, find, model_path, register
from kb.models.wheels import require_space

_STEPS = 1000
INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Converted:
    """The new model and where it lies; the cosines to its source if it is an embedder."""

    model: Model
    path: Path
    cosine_mean: float | None = None
    cosine_least: float | None = None


def convert(
    name: str,
    *,
    folder: Path,
    quantize: str = "",
    prefix: Path | None = None,
    lora: Path | None = None,
    progress: Reporter,
) -> Converted:
    """Convert a model that is here and register the result as ``NAME-QUANTIZE``.

    Args:
        name: a model of the table or of the register: a folder of the ChatGLM family, or an
            embedder for sentence-transformers.
        folder: the models folder; the result is put there.
        quantize: `kb.models.chatglm.KINDS` for ChatGLM (empty: q4_0), ``int8`` for an embedder.
        prefix: a checkpoint of P-Tuning v2, ChatGLM2 and later.
        lora: an adapter of peft's, ChatGLM only.

    Raises:
        NotFoundError: no such model.
        BackendUnavailableError: what converts it is not installed; the hint tells the command.
        ConversionError: it is not here, of a kind that is not converted, or damaged.
    """
    model = find(name, folder)
    source = model_path(model, folder)
    if not source.is_dir():
        raise ConversionError(
            f"the folder {source} of {name} is not here",
            hint=f"kb models pull {name}",
            model=name,
        )
    if isinstance(model, EmbedderModel):
        if quantize not in ("", INT8) or prefix or lora:
            raise ConversionError(f"{name} is an embedder: it is converted to int8", model=name)
        return _embedder(model, source, folder, progress)
    return _chatglm(model, source, folder, quantize, prefix=prefix, lora=lora, progress=progress)


def _chatglm(
    model: ChatModel,
    source: Path,
    folder: Path,
    quantize: str,
    *,
    prefix: Path | None,
    lora: Path | None,
    progress: Reporter,
) -> Converted:
    kind: Kind | None = next((one for one in KINDS if one == (quantize or KINDS[0])), None)
    if kind is None:
        raise ConversionError(
            f"{model.name} can be stored as {', '.join(KINDS)}, not as {quantize}",
            model=model.name,
        )
    if not is_chatglm(source):
        raise ConversionError(
            f"{model.name} is not of the ChatGLM family (chatglm-6b, chatglm2-6b, chatglm3-6b, "
            "glm-4-9b-chat): use it as it is, or a GGUF file of it",
            model=model.name,
        )
    require_space(model, model.size, folder)
    name = f"{model.name}-{kind}"
    target = folder / f"{name}.bin"
    meter = Meter(model.name, "convert", total=_STEPS, report=progress)
    write_ggml(
        source,
        target,
        kind=kind,
        prefix=prefix,
        lora=lora,
        advance=lambda share: meter.reach(round(share * _STEPS)),
    )
    return Converted(register_path(name, target, folder=folder), target)


def _embedder(model: EmbedderModel, source: Path, folder: Path, progress: Reporter) -> Converted:
    from kb.embedders.export import write_onnx

    if model.backend != "sentence_transformers":
        raise ConversionError(
            f"{model.name} runs by {model.backend} already: only sentence-transformers' folders "
            "are converted",
            model=model.name,
        )
    require_space(model, 2 * model.size, folder)
    name = f"{model.name}-{INT8}"
    target = folder / name
    meter = Meter(model.name, "convert", total=_STEPS, report=progress)
    report = write_onnx(
        model, source, target, advance=lambda share: meter.reach(round(share * _STEPS))
    )
    registered = register_path(name, target, folder=folder)
    assert isinstance(registered, EmbedderModel)  # noqa: S101 - the folder was written just now
    # It asks as its source does, whatever that is called.
    converted = replace(
        registered,
        licence=model.licence,
        query_prefix=model.query_prefix,
        passage_prefix=model.passage_prefix,
        pooling=model.pooling,
        gate=model.gate,
    )
    register(converted, folder)
    return Converted(converted, target, report.mean, report.least)
