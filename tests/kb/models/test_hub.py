import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kb.errors import ModelFileError
from kb.models.progress import Progress
from kb.models.pull import is_ready, pull

_FILES = {
    "config.json": b'{"hidden_size": 512}',
    "model.safetensors": bytes(range(256)) * 2000,
    "pytorch_model.bin": b"pickle",
    "onnx/model.onnx": b"graph",
    "1_Pooling/config.json": b"{}",
}


class Hub(ThreadingHTTPServer):
    """Speaks both hubs' protocols; ``cut`` breaks the next large answer off in the middle."""

    cut = False
    ranges: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        if self.path.startswith("/api/models/"):
            self._send(json.dumps([_huggingface(name) for name in _FILES]).encode())
        elif "/repo/files?" in self.path:
            files = [_modelscope(name) for name in _FILES]
            self._send(json.dumps({"Data": {"Files": files}}).encode())
        else:
            name = re.sub(r".*(/resolve/main/|FilePath=)", "", self.path)
            self._send(_FILES[name.replace("%2F", "/")])

    def _send(self, content: bytes) -> None:
        start = 0
        if asked := self.headers.get("Range"):
            self.server.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.server.cut and len(content) > 10_000:
            self.server.cut = False
            self.wfile.write(content[start : len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content[start:])


def _huggingface(name: str) -> dict[str, object]:
    content = _FILES[name]
    entry: dict[str, object] = {"type": "file", "path": name, "size": len(content)}
    if name.endswith(".safetensors"):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest()}
    return entry


def _modelscope(name: str) -> dict[str, object]:
    content = _FILES[name]
    digest = hashlib.sha256(content).hexdigest()
    return {"Type": "blob", "Path": name, "Size": len(content), "Sha256": digest}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub(("127.0.0.1", 0), _Handler)
    server.ranges = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", address)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _silent(_: Progress) -> None:
    return


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("origin", ["huggingface", "modelscope"])
@pytest.mark.usefixtures("hub")
def test_a_model_is_fetched_without_pickles_and_other_frameworks(
    tmp_path: Path, origin: str
) -> None:
    place = pull("m3e-small", folder=tmp_path, progress=_silent, origin=origin)  # type: ignore[arg-type]
    wanted = ("config.json", "model.safetensors", "1_Pooling/config.json")
    assert _files(place) == {name: _FILES[name] for name in wanted}
    assert is_ready("m3e-small", tmp_path)


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.cut = True
    with pytest.raises(ModelFileError, match="could not be fetched"):
        pull("m3e-small", folder=tmp_path, progress=_silent)
    assert not is_ready("m3e-small", tmp_path)
    reports: list[Progress] = []
    place = pull("m3e-small", folder=tmp_path, progress=reports.append)
    assert hub.ranges == ["bytes=256000-"]
    assert (place / "model.safetensors").read_bytes() == _FILES["model.safetensors"]
    assert reports[-1].done == reports[-1].total == 512000 + 20 + 2


def test_a_part_that_is_not_the_announced_file_is_removed(hub: Hub, tmp_path: Path) -> None:
    part = tmp_path / ".downloads" / "m3e-small" / "model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    with pytest.raises(ModelFileError, match="is not the file that was announced"):
        pull("m3e-small", folder=tmp_path, progress=_silent)
    assert not part.exists()
    assert hub.ranges == ["bytes=1000-"]


def test_no_network_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelFileError, match=r"m3e-base: .* could not be fetched") as caught:
        pull("m3e-base", folder=tmp_path, progress=_silent)
    assert "copy the models folder" in caught.value.hint
