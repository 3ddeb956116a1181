import json

from fastapi.testclient import TestClient

from kb.workspace import Workspace


def test_a_finished_job_is_listed_with_its_files(filled: Workspace, http: TestClient) -> None:
    job = http.get("/api/jobs").json()["jobs"][0]
    assert (job["state"], job["kind"], job["done"], job["total"]) == ("done", "add", 3, 3)
    assert job["counts"] == {"ready": 2, "failed": 1}
    assert http.get(f"/api/jobs/{job['job_id']}").json() == job
    failed = http.get(f"/api/jobs/{job['job_id']}/files", params={"state": "failed"}).json()
    assert [file["document"] for file in failed["files"]] == ["坏.pdf"]
    assert set(failed["files"][0]) == {
        "path",
        "document",
        "document_id",
        "state",
        "reason",
        "pages",
        "passages",
        "seconds",
    }
    assert http.get("/api/jobs", params={"active_only": True}).json() == {"jobs": []}


def test_the_failed_files_are_tried_again_as_a_new_job(filled: Workspace, http: TestClient) -> None:
    job_id = http.get("/api/jobs").json()["jobs"][0]["job_id"]
    again = http.post(f"/api/jobs/{job_id}/retry")
    assert again.status_code == 202
    assert again.json()["job_id"] != job_id
    assert filled.queue.wait(again.json()["job_id"], timeout=60).counts == {"failed": 1}


def test_a_job_is_followed_as_events_until_its_end(filled: Workspace, http: TestClient) -> None:
    job = filled.knowledge_base("规章制度").reindex(["年假.md"])
    body = http.get(f"/api/jobs/{job.job_id}/events").text
    blocks = [block.split("data: ", 1)[1] for block in body.strip().split("\n\n")]
    assert json.loads(blocks[-1])["state"] == "done"


def test_an_unknown_job_is_a_problem(filled: Workspace, http: TestClient) -> None:
    for response in (http.get("/api/jobs/none"), http.post("/api/jobs/none/cancel")):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
