import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from kb.backup import writing
from kb.backup.restoring import restore_backup
from kb.errors import CancelledError
from kb.workspace import Workspace
from tests.app.conftest import TOKEN, RunningServer

OURS = {"Authorization": f"Bearer {TOKEN}"}


def test_the_working_server_writes_a_backup_that_can_be_restored(
    filled: Workspace, http: TestClient, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    made = http.post("/api/backup", json={"file": str(file)}, headers=OURS)
    assert made.status_code == 201
    told = made.json()
    # The damaged PDF is a document too, and its original is kept.
    assert (told["file"], told["knowledge_bases"], told["documents"]) == (str(file), 1, 3)
    assert (told["size"], told["missing"]) == (file.stat().st_size, [])
    restore_backup(file, tmp_path / "other")
    assert (tmp_path / "other" / "规章制度" / "files" / "年假.md").is_file()
    again = http.post("/api/backup", json={"file": str(file)}, headers=OURS)
    assert (again.status_code, again.json()["code"]) == (409, "file_exists")


def test_only_who_can_read_the_servers_token_may_have_files_written(
    filled: Workspace, http: TestClient, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    refused = http.post("/api/backup", json={"file": str(file)})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert not file.exists()
    relative = http.post("/api/backup", json={"file": "backup.zip"}, headers=OURS)
    assert (relative.status_code, relative.json()["code"]) == (400, "bad_request")


def test_a_client_that_goes_away_stops_its_backup(
    running: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def endless(_source: Path, _target: Path, cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not cancelled() and time.monotonic() < until:
            time.sleep(0.01)
        if cancelled():
            ended.set()
        raise CancelledError("the backup was stopped")

    monkeypatch.setattr(writing, "_copy_catalog", endless)
    file = tmp_path / "away" / "backup.zip"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{running.url}/api/backup",
            json={"file": str(file)},
            headers=OURS,
            timeout=1,
            trust_env=False,
        )
    assert ended.wait(10)
    while list(file.parent.iterdir()):
        time.sleep(0.01)
