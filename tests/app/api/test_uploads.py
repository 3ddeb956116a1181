import hashlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from app.api.problems import BadRequestError
from app.api.uploads import relative_path
from kb.workspace import Workspace

BATCH = "/api/knowledge-bases/库/uploads/batch-0001"


@pytest.fixture(autouse=True)
def knowledge_base(shared: Workspace) -> None:
    shared.create("库")


def test_a_batch_with_folders_becomes_a_job(shared: Workspace, http: TestClient) -> None:
    name = "制度/子 文件夹/年假 #1%.md"
    assert http.put(f"{BATCH}/{quote(name)}", content="年假五天。".encode()).status_code == 204
    assert http.put(f"{BATCH}/a.txt", content=b"plain text").status_code == 204
    job = http.post(f"{BATCH}/finish").json()
    done = shared.queue.wait(job["job_id"], timeout=60)
    assert done.counts == {"ready": 2}
    documents = shared.knowledge_base("库").documents()
    assert {each.document for each in documents} == {name, "a.txt"}
    report = http.get(f"/api/jobs/{job['job_id']}/report").json()
    assert {file["state"] for file in report["files"]} == {"ready"}


def test_a_large_body_arrives_whole_and_in_blocks(shared: Workspace, http: TestClient) -> None:
    block = bytes(range(256)) * 4096

    def body() -> Iterator[bytes]:
        for _ in range(20):
            yield block

    assert http.put(f"{BATCH}/big.bin", content=body()).status_code == 204
    stored = shared.knowledge_base("库").incoming / "batch-0001" / "big.bin"
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(block * 20).digest()
    parts = shared.knowledge_base("库").incoming / ".parts"
    assert list(parts.iterdir()) == []


def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing(
    shared: Workspace, http: TestClient
) -> None:
    limit = shared.settings.max_file_mb << 20
    announced = http.put(f"{BATCH}/a.bin", content=b"x", headers={"Content-Length": str(limit + 1)})
    assert (announced.status_code, announced.json()["code"]) == (413, "too_large")

    def endless() -> Iterator[bytes]:
        for _ in range(limit // (8 << 20) + 2):
            yield bytes(8 << 20)

    assert http.put(f"{BATCH}/b.bin", content=endless()).status_code == 413
    assert not (shared.knowledge_base("库").incoming / "batch-0001").exists()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a//b",
        "./a",
        "a\\..\\b",
        "C:/a",
        "a\x00b",
        "a\nb",
        "名" * 86,
        "a/" * 501 + "b",
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(BadRequestError):
        relative_path(path)


@pytest.mark.parametrize("path", ["%2e%2e/%2e%2e/outside.txt", "..%2foutside.txt", "%2fabs.txt"])
def test_encoded_paths_that_lead_elsewhere_are_refused(
    shared: Workspace, http: TestClient, path: str
) -> None:
    response = http.put(f"{BATCH}/{path}", content=b"x")
    assert response.status_code in (400, 404, 405)
    assert list(shared.settings.home.rglob("outside.txt")) == []


@pytest.mark.parametrize("batch", ["short", "..%2f..%2fescape", "a" * 65, "批次批次批次批次"])
def test_batch_ids_are_plain(http: TestClient, batch: str) -> None:
    url = f"/api/knowledge-bases/库/uploads/{batch}/a.txt"
    assert http.put(url, content=b"x").status_code in (400, 404)


def test_an_unknown_batch_cannot_be_finished(http: TestClient) -> None:
    response = http.post(f"{BATCH}/finish")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_broken_off_batch_is_thrown_away(shared: Workspace, http: TestClient) -> None:
    http.put(f"{BATCH}/a.txt", content=b"x")
    assert http.delete(BATCH).status_code == 204
    assert not (shared.knowledge_base("库").incoming / "batch-0001").exists()
    assert http.delete(BATCH).status_code == 204


def test_uploads_from_other_sites_are_refused(http: TestClient) -> None:
    del http.headers["X-Zhiku"]
    assert http.put(f"{BATCH}/a.txt", content=b"x").status_code == 403
