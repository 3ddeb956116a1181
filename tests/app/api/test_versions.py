from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kb.workspace import Workspace

URL = "/api/knowledge-bases/规章制度/document"
NAME = "年假.md"
FORMER = "试用期员工没有年假。"


@pytest.fixture
def changed(filled: Workspace, tmp_path: Path) -> Workspace:
    path = tmp_path / NAME
    for said in (FORMER, "入职即有年假。"):
        path.write_text(said, encoding="utf-8")
        job = filled.knowledge_base("规章制度").add([path])
        filled.queue.wait(job.job_id, timeout=60)
    return filled


def test_what_a_document_was_is_listed_and_shown(changed: Workspace, http: TestClient) -> None:
    listed = http.get(f"{URL}/versions", params={"document": NAME}).json()
    assert listed["document"] == NAME
    newest, oldest = listed["versions"]
    assert (newest["version"], oldest["version"]) == (2, 1)
    assert newest["since"] == oldest["until"]
    assert newest["original"] is True
    assert set(newest) == {
        "version",
        "document",
        "document_id",
        "title",
        "format",
        "size",
        "pages",
        "lines",
        "passages",
        "since",
        "until",
        "ended",
        "original",
    }
    shown = http.get(f"{URL}/text", params={"document": NAME, "version": 2}).json()
    assert shown["version"] == 2
    assert shown["pages"] == [{"page": None, "sheet": None, "text": FORMER}]
    missing = http.get(f"{URL}/text", params={"document": NAME, "version": 3})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert "旧版本" in missing.json()["detail"]


def test_its_file_is_downloaded_under_its_own_name(changed: Workspace, http: TestClient) -> None:
    got = http.get(f"{URL}/versions/2/original", params={"document": NAME})
    assert got.text == FORMER
    assert got.headers["content-disposition"].endswith("%E5%B9%B4%E5%81%87.md")
    assert got.headers["content-security-policy"].startswith("sandbox")


def test_a_document_without_a_past_has_none(filled: Workspace, http: TestClient) -> None:
    listed = http.get(f"{URL}/versions", params={"document": NAME}).json()
    assert listed == {"document": NAME, "versions": []}
    assert http.get(f"{URL}/versions", params={"document": "none.txt"}).status_code == 404
