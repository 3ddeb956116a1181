from pathlib import Path

from fastapi.testclient import TestClient

from kb.workspace import Workspace
from tests.app.conftest import TOKEN

LOCKED = Path(__file__).parent.parent.parent / "data" / "loaders" / "locked.pdf"

KNOWLEDGE_BASE_KEYS = {
    "id",
    "name",
    "description",
    "embedder",
    "top_k",
    "threshold",
    "prompt",
    "documents",
    "passages",
    "size",
    "states",
    "created_at",
    "updated_at",
}


def test_a_knowledge_base_is_made_changed_and_deleted(shared: Workspace, http: TestClient) -> None:
    made = http.post("/api/knowledge-bases", json={"name": "财报", "description": "年报"})
    assert (made.status_code, set(made.json())) == (201, KNOWLEDGE_BASE_KEYS)
    kb_id = made.json()["id"]
    changed = http.patch(
        f"/api/knowledge-bases/{kb_id}", json={"name": "年报", "top_k": 7, "threshold": 0.3}
    ).json()
    assert (changed["id"], changed["name"], changed["top_k"]) == (kb_id, "年报", 7)
    assert changed["threshold"] == 0.3
    assert http.get("/api/knowledge-bases/年报").json() == changed
    assert http.get("/api/knowledge-bases").json()["knowledge_bases"] == [changed]
    assert http.delete(f"/api/knowledge-bases/{kb_id}").json()["name"] == "年报"
    assert http.get("/api/knowledge-bases").json() == {"knowledge_bases": []}


def test_a_taken_name_is_a_problem_object(shared: Workspace, http: TestClient) -> None:
    shared.create("财报")
    response = http.post("/api/knowledge-bases", json={"name": "财报"})
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:zhiku:error:duplicate_name",
        "title": "名称“财报”已被使用，请换一个。",
        "status": 409,
        "detail": "名称“财报”已被使用，请换一个。",
        "instance": "/api/knowledge-bases",
        "code": "duplicate_name",
        "hint": "",
    }


def test_problems_are_in_the_language_of_the_reader(shared: Workspace, http: TestClient) -> None:
    response = http.get("/api/knowledge-bases/none", headers={"X-Zhiku-Language": "en"})
    assert (response.status_code, response.json()["detail"]) == (
        404,
        "There is no knowledge base “none”.",
    )


def test_wrong_requests_and_unknown_routes_are_problem_objects(
    shared: Workspace, http: TestClient
) -> None:
    wrong = http.post("/api/knowledge-bases", json={"name": "a", "colour": "red"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_request")
    assert "colour" in wrong.json()["detail"]
    assert http.get("/api/nothing").json()["code"] == "no_route"
    assert http.put("/api/knowledge-bases").json()["code"] == "no_method"


def test_documents_are_listed_page_by_page_and_filtered(
    filled: Workspace, http: TestClient
) -> None:
    first = http.get("/api/knowledge-bases/规章制度/documents", params={"limit": 2}).json()
    assert (len(first["documents"]), first["total"]) == (2, 3)
    rest = http.get(
        "/api/knowledge-bases/规章制度/documents", params={"limit": 2, "offset": 2}
    ).json()
    names = {each["document"] for each in first["documents"] + rest["documents"]}
    assert names == {"年假.md", "差旅/报销.txt", "坏.pdf"}
    failed = http.get("/api/knowledge-bases/规章制度/documents", params={"state": "failed"}).json()[
        "documents"
    ]
    assert [each["document"] for each in failed] == ["坏.pdf"]
    assert failed[0]["reason"].startswith("文件已损坏")
    found = http.get("/api/knowledge-bases/规章制度/documents", params={"contains": "报销"})
    assert found.json()["total"] == 1


def test_a_document_is_shown_with_the_contracts_keys(filled: Workspace, http: TestClient) -> None:
    url = "/api/knowledge-bases/规章制度/document/text"
    shown = http.get(url, params={"document": "差旅/报销.txt"}).json()
    assert set(shown) == {"document", "document_id", "pages", "line_count", "passage_count"}
    assert set(shown["pages"][0]) == {"page", "sheet", "text"}
    assert "四百元" in shown["pages"][0]["text"]
    assert http.get(url, params={"document": "none.txt"}).status_code == 404
    full = http.get(url, params={"document": shown["document_id"], "passages": True}).json()
    assert len(full["passages"]) == full["passage_count"] == 1


def test_a_document_is_removed(filled: Workspace, http: TestClient) -> None:
    url = "/api/knowledge-bases/规章制度/document"
    assert http.delete(url, params={"document": "年假.md"}).json()["document"] == "年假.md"
    assert http.get(url, params={"document": "年假.md"}).status_code == 404


def test_the_original_comes_as_a_file_and_never_as_a_page(
    filled: Workspace, http: TestClient
) -> None:
    document = filled.knowledge_base("规章制度").document("年假.md")
    response = http.get(f"/api/knowledge-bases/规章制度/documents/{document.document_id}/original")
    assert response.text.startswith("# 年假管理办法")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_a_format_without_pages_has_no_page_image(filled: Workspace, http: TestClient) -> None:
    document = filled.knowledge_base("规章制度").document("年假.md")
    url = f"/api/knowledge-bases/规章制度/documents/{document.document_id}/pages/1"
    assert http.get(url).json()["code"] == "not_found"
    assert http.get(url, params={"box": "a,b"}).status_code == 400


def test_paths_of_the_servers_machine_need_the_token(
    shared: Workspace, http: TestClient, tmp_path: Path
) -> None:
    shared.create("库")
    path = tmp_path / "a.txt"
    path.write_text("内部资料。", encoding="utf-8")
    body = {"paths": [str(path)]}
    assert http.post("/api/knowledge-bases/库/add", json=body).status_code == 403
    allowed = http.post(
        "/api/knowledge-bases/库/add", json=body, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert allowed.status_code == 202
    assert shared.queue.wait(allowed.json()["job_id"], timeout=60).counts == {"ready": 1}


def test_documents_carry_their_health_and_are_filtered_by_it(
    filled: Workspace, http: TestClient
) -> None:
    url = "/api/knowledge-bases/规章制度/documents"
    listed = http.get(url, params={"health": "green"}).json()
    assert {each["document"] for each in listed["documents"]} == {"年假.md", "差旅/报销.txt"}
    assert {each["health"] for each in listed["documents"]} == {"green"}
    assert all(len(each["pages_health"]) == 1 for each in listed["documents"])
    short = http.get(url, params={"health": "amber,red", "pages": False}).json()
    assert [(each["document"], each["pages_health"]) for each in short["documents"]] == [
        ("坏.pdf", None)
    ]
    assert short["total"] == 1
    assert http.get(url, params={"health": "pink"}).status_code == 422
    one = http.get(f"{url[:-1]}", params={"document": "年假.md"}).json()
    assert [page["source"] for page in one["pages_health"]] == ["text"]


def test_the_health_of_a_knowledge_base_is_summed_up(filled: Workspace, http: TestClient) -> None:
    report = http.get("/api/knowledge-bases/规章制度/health").json()
    assert (report["green"], report["amber"], report["red"], report["unread"]) == (2, 0, 1, 0)
    assert report["reasons"] == [
        {
            "health": "red",
            "code": "damaged_file",
            "reason": "文件已损坏。请重新导出后再添加。",
            "documents": 1,
        }
    ]
    formats = {each["format"]: each for each in report["formats"]}
    assert (formats["pdf"]["red"], formats["md"]["green"], formats["txt"]["green"]) == (1, 1, 1)


def test_the_health_of_every_file_is_downloaded_as_a_table(
    filled: Workspace, http: TestClient
) -> None:
    url = "/api/knowledge-bases/规章制度/health.csv"
    response = http.get(url)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
    lines = response.text.splitlines()
    assert lines[0].startswith("\ufeff文件,读取质量,状态")
    assert len(lines) == 4
    assert any(line.startswith("坏.pdf,有问题,失败,文件已损坏") for line in lines)
    english = http.get(url, params={"lang": "en"}).text
    assert english.startswith("\ufeffDocument,Quality,State")


def test_documents_are_read_again_as_a_job(filled: Workspace, http: TestClient) -> None:
    asked = {"documents": ["年假.md"], "force_ocr": True}
    job = http.post("/api/knowledge-bases/规章制度/reindex", json=asked)
    assert (job.status_code, job.json()["total"]) == (202, 1)
    assert filled.queue.wait(job.json()["job_id"], timeout=60).counts == {"ready": 1}
    assert filled._jobs.payload(job.json()["job_id"]) == {"force_ocr": True}


def test_an_encrypted_document_is_read_again_with_its_password(
    shared: Workspace, http: TestClient
) -> None:
    shared.create("库")
    job = shared.knowledge_base("库").add([LOCKED])
    shared.queue.wait(job.job_id, timeout=60)
    listed = http.get("/api/knowledge-bases/库/document", params={"document": "locked.pdf"}).json()
    assert (listed["state"], "密码" in listed["reason"]) == ("failed", True)

    body = {"documents": ["locked.pdf"], "password": "8848"}
    again = http.post("/api/knowledge-bases/库/reindex", json=body)
    assert again.status_code == 202
    assert "password" not in again.text
    assert shared.queue.wait(again.json()["job_id"], timeout=60).counts == {"ready": 1}


def test_the_failed_files_of_a_job_are_tried_again_with_a_password(
    shared: Workspace, http: TestClient
) -> None:
    shared.create("库")
    job = shared.knowledge_base("库").add([LOCKED])
    shared.queue.wait(job.job_id, timeout=60)

    again = http.post(f"/api/jobs/{job.job_id}/retry", json={"password": "8848"})
    assert again.status_code == 202
    assert shared.queue.wait(again.json()["job_id"], timeout=60).counts == {"ready": 1}
