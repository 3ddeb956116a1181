"""Fetch models from Hugging Face or ModelScope; a download that broke off is continued."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx

from kb.errors import ModelFileError
from kb.models.progress import Meter
from kb.models.table import Model

Hub = Literal["huggingface", "modelscope"]

_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_ENDPOINTS: dict[Hub, tuple[str, str]] = {
    # Both hubs' own variables, so that a company's mirror is found.
    "huggingface": ("HF_ENDPOINT", "https://huggingface.co"),
    "modelscope": ("MODELSCOPE_ENDPOINT", "https://modelscope.cn"),
}
_OTHER_FRAMEWORKS = (
    *("*.onnx", "*.onnx_data", "*.h5", "*.msgpack", "*.ot", "*.pt", "*.npz", "*.gguf", "*.mlmodel"),
    *("onnx/*", "openvino/*", "coreml/*", "imgs/*", ".git*", "*.jpg", "*.png"),
)


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a hub's repository; ``sha256`` is empty where the hub tells none."""

    path: str
    size: int
    sha256: str
    url: str


def list_files(model: Model, hub: Hub) -> tuple[HubFile, ...]:
    """Ask the hub for the files that the model consists of.

    Raises:
        ModelFileError: the hub is not reached or does not have the model.
    """
    repository = model.huggingface if hub == "huggingface" else model.modelscope
    if not repository:
        raise ModelFileError(f"{model.name} has no {hub} source", model=model.name)
    variable, standard = _ENDPOINTS[hub]
    endpoint = os.environ.get(variable, standard).rstrip("/")
    listed = (
        _huggingface(model, repository, endpoint)
        if hub == "huggingface"
        else _modelscope(model, repository, endpoint)
    )
    wanted = tuple(file for file in listed if _is_wanted(file.path, listed, model.files))
    if not wanted:
        raise ModelFileError(
            f"{repository} on {hub} has none of the files wanted", model=model.name
        )
    return wanted


def _is_wanted(path: str, listed: list[HubFile], patterns: tuple[str, ...]) -> bool:
    if patterns:
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
    if any(fnmatch.fnmatchcase(path, pattern) for pattern in _OTHER_FRAMEWORKS):
        return False
    # The same weights as a pickle: never taken where the safe form is there.
    has_safe_form = any(file.path.endswith(".safetensors") for file in listed)
    return not (path.endswith(".bin") and has_safe_form)


def fetch_file(model: Model, file: HubFile, target: Path, meter: Meter) -> None:
    """Download one file to ``target``; a part that is there is continued.

    Raises:
        ModelFileError: the connection failed (the part stays) or the file is not the announced one.
    """
    part = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    if have > file.size:
        part.unlink()
        have = 0
    meter.add(have)
    if have < file.size or not part.exists():
        _append(model, file, part=part, have=have, meter=meter)
    size = part.stat().st_size
    if size != file.size or (file.sha256 and _sha256(part) != file.sha256):
        part.unlink()
        raise ModelFileError(
            f"{model.name}: {file.path} is not the file that was announced; it was removed",
            hint=f"run `kb models pull {model.name}` again",
            model=model.name,
        )
    part.replace(target)


def _append(model: Model, file: HubFile, *, part: Path, have: int, meter: Meter) -> None:
    # The bytes as they lie on the hub: a compressed answer could neither be continued nor counted.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with httpx.stream(
            "GET", file.url, headers=headers, timeout=_TIMEOUT, follow_redirects=True
        ) as response:
            response.raise_for_status()
            continued = response.status_code == httpx.codes.PARTIAL_CONTENT
            if have and not continued:
                meter.add(-have)
            with part.open("ab" if continued else "wb") as out:
                # Blocks as they come: what is held back to fill one is lost when the line breaks.
                for block in response.iter_raw():
                    out.write(block)
                    meter.add(len(block))
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise _not_reached(model, file.url, exc) from exc


def _huggingface(model: Model, repository: str, endpoint: str) -> list[HubFile]:
    answer = _json(model, f"{endpoint}/api/models/{repository}/tree/main?recursive=true")
    return [
        HubFile(
            path=entry["path"],
            size=int(entry["size"]),
            sha256=entry.get("lfs", {}).get("oid", ""),
            url=f"{endpoint}/{repository}/resolve/main/{quote(entry['path'])}",
        )
        for entry in answer
        if entry["type"] == "file"
    ]


def _modelscope(model: Model, repository: str, endpoint: str) -> list[HubFile]:
    base = f"{endpoint}/api/v1/models/{repository}/repo"
    answer = _json(model, f"{base}/files?Revision=master&Recursive=true")
    return [
        HubFile(
            path=entry["Path"],
            size=int(entry["Size"]),
            sha256=entry.get("Sha256") or "",
            url=f"{base}?Revision=master&FilePath={quote(entry['Path'])}",
        )
        for entry in answer["Data"]["Files"]
        if entry["Type"] == "blob"
    ]


def _json(model: Model, url: str) -> Any:
    try:
        response = httpx.get(url, timeout=_TIMEOUT, follow_redirects=True)
        response.raise_for_status()
        return response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
        raise _not_reached(model, url, exc) from exc


def _not_reached(model: Model, url: str, exc: Exception) -> ModelFileError:
    return ModelFileError(
        f"{model.name}: {url} could not be fetched: {exc}",
        hint="run the same command again where there is internet, or pull the model on another "
        "machine and copy the models folder",
        model=model.name,
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
