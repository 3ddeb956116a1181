import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.cli import build_parser, main
from kb.models.table import Server, find_chat_model
from tests.app.api.test_asking import ASK_KEYS, HIT_KEYS
from tests.app.api.test_knowledge_bases import KNOWLEDGE_BASE_KEYS
from tests.app.conftest import RunningServer
from tests.kb.llms.tiny_chatglm import write_folder

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Result]


@pytest.fixture
def kb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process; a process of its own takes seconds to import."""

    def run(*arguments: str, home: Path | None = None, language: str = "zh") -> Result:
        monkeypatch.setenv("KB_LANGUAGE", language)
        if home is not None:
            monkeypatch.setenv("KB_HOME", str(home))
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run


def value(result: Result) -> Any:
    return json.loads(result.stdout)


def test_knowledge_bases_are_managed_without_a_server(kb: Command) -> None:
    made = kb("create", "财报", "--description", "年报", "--json")
    assert (made.returncode, set(value(made))) == (0, KNOWLEDGE_BASE_KEYS)
    taken = kb("create", "财报", "--json")
    assert taken.returncode == 1
    assert value(taken) == {
        "error": {
            "code": "duplicate_name",
            "message": "名称“财报”已被使用，请换一个。",
            "hint": "",
        }
    }
    assert value(kb("rename", "财报", "年报", "--json"))["name"] == "年报"
    listed = value(kb("list", "--json"))
    assert [each["name"] for each in listed["knowledge_bases"]] == ["年报"]
    assert "年报" in kb("list").stdout
    assert value(kb("delete", "年报", "--json"))["name"] == "年报"
    assert value(kb("list", "--json")) == {"knowledge_bases": []}


def test_what_does_not_exist_is_an_error_with_a_code(kb: Command) -> None:
    result = kb("documents", "none", "--json", language="en")
    assert result.returncode == 1
    assert value(result)["error"]["code"] == "not_found"
    plain = kb("documents", "none", language="en")
    assert (plain.returncode, plain.stdout) == (1, "")
    assert "There is no knowledge base" in plain.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["create"],
        ["create", " "],
        ["ask", "库", ""],
        ["search", "库", "长" * 20_001],
        ["search", "库", "\udcff"],
        # An empty variable must not add the current folder.
        ["add", "库", ""],
        ["search", "a", "b", "--top-k", "0"],
    ],
)
def test_wrong_usage_is_exit_code_2(kb: Command, arguments: list[str]) -> None:
    assert kb(*arguments).returncode == 2
    if arguments:
        result = kb(*arguments, "--json")
        assert (result.returncode, value(result)["error"]["code"]) == (2, "usage")


def test_the_module_is_the_command_and_a_wrong_setting_is_named() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "app.cli", "list", "--json"],
        cwd=ROOT,
        env={**os.environ, "KB_PROT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "bad_setting"
    assert "KB_PROT" in error["message"]


def test_every_command_of_the_contract_takes_json() -> None:
    parser = build_parser("en")
    commands = next(
        action.choices for action in parser._actions if isinstance(action.choices, dict)
    )
    assert set(commands) == {
        "create",
        "list",
        "rename",
        "delete",
        "add",
        "documents",
        "show",
        "remove",
        "search",
        "ask",
        "eval",
        "synonyms",
        "jobs",
        "serve",
        "models",
        "doctor",
        # Beyond the contract.
        "link",
        "unlink",
        "sync",
        "backup",
        "restore",
    }
    assert all("--json" in each._option_string_actions for each in commands.values())


def test_the_doctor_names_every_check(kb: Command) -> None:
    result = kb("doctor", "--json", language="en")
    report = value(result)
    assert set(report) == {"ok", "checks", "formats", "findings"}
    assert result.returncode == (0 if report["ok"] else 1)
    assert {"Python", "packages", "data folder", "server", "chat engine", "formats", "OCR"} <= {
        check["name"] for check in report["checks"]
    }
    assert all(set(check) == {"name", "state", "detail", "hint"} for check in report["checks"])


def test_the_models_are_listed(kb: Command) -> None:
    models = value(kb("models", "list", "--json"))["models"]
    names = {model["name"]: model for model in models}
    assert names["e5-small"]["kind"] == "embedder"
    assert names["qwen2.5-coder-1.5b"]["used"] is True
    unnamed = kb("models", "pull", "--json")
    assert (unnamed.returncode, value(unnamed)["error"]["code"]) == (1, "model_name_missing")
    wrong = value(kb("models", "use", "e5-small", "--json"))
    assert wrong["error"]["hint"] == "kb create NAME --embedder e5-small"


def test_files_are_added_shown_and_removed_through_the_server(
    kb: Command, running: RunningServer, tmp_path: Path
) -> None:
    folder = tmp_path / "新文件"
    folder.mkdir()
    (folder / "加班.txt").write_text("加班须提前一天申请。", encoding="utf-8")
    (folder / "空.txt").write_text("", encoding="utf-8")
    (folder / "声音.mp3").write_bytes(b"ID3\x00\x01\x02")
    added = kb("add", "规章制度", str(folder), "--json", home=running.home)
    report = value(added)
    assert added.returncode == 1
    assert set(report) >= {"files", "seconds"}
    assert all(
        set(file)
        == {"path", "document", "document_id", "state", "reason", "pages", "passages", "seconds"}
        for file in report["files"]
    )
    states = {file["document"]: file["state"] for file in report["files"]}
    assert states == {"加班.txt": "ready", "空.txt": "failed", "声音.mp3": "unsupported"}
    assert all(bool(file["reason"]) == (file["state"] != "ready") for file in report["files"])
    shown = value(kb("show", "规章制度", "加班.txt", "--passages", "--json", home=running.home))
    assert shown["pages"] == [{"page": None, "sheet": None, "text": "加班须提前一天申请。"}]
    assert shown["passage_count"] == len(shown["passages"]) == 1
    text = kb("show", "规章制度", "加班.txt", home=running.home).stdout
    assert "加班须提前一天申请。" in text
    removed = kb("remove", "规章制度", "加班.txt", "--json", home=running.home)
    assert value(removed)["document"] == "加班.txt"


def test_what_a_document_was_is_listed_and_shown(
    kb: Command, running: RunningServer, tmp_path: Path
) -> None:
    path = tmp_path / "出差.txt"
    for said in ("出差每天补助八十元。", "出差每天补助一百元。"):
        path.write_text(said, encoding="utf-8")
        assert kb("add", "规章制度", str(path), home=running.home).returncode == 0
    arguments = ("show", "规章制度", "出差.txt")
    listed = value(kb(*arguments, "--versions", "--json", home=running.home))
    assert [each["version"] for each in listed["versions"]] == [1]
    assert "被新版本取代" in kb(*arguments, "--versions", home=running.home).stdout
    shown = value(kb(*arguments, "--version", "1", "--json", home=running.home))
    assert (shown["version"], shown["pages"][0]["text"]) == (1, "出差每天补助八十元。")
    assert "八十" in kb(*arguments, "--version", "1", home=running.home).stdout
    assert "passages" not in shown
    both = kb(*arguments, "--version", "1", "--passages", home=running.home)
    assert both.returncode == 2
    kb("remove", "规章制度", "出差.txt", home=running.home)


def test_a_file_that_cannot_be_read_is_well_when_it_is_only_unsupported(
    kb: Command, running: RunningServer, tmp_path: Path
) -> None:
    path = tmp_path / "声音.mp3"
    path.write_bytes(b"ID3\x00\x01\x02")
    assert kb("add", "规章制度", str(path), home=running.home).returncode == 0
    missing = kb("add", "规章制度", str(tmp_path / "none"), "--json", home=running.home)
    assert value(missing)["error"]["code"] == "not_found"


def test_questions_are_answered_through_the_server(kb: Command, running: RunningServer) -> None:
    searched = value(
        kb("search", "规章制度", "带薪年假有几天？", "--top-k", "2", "--json", home=running.home)
    )
    assert set(searched) == {"question", "hits", "answerable", "milliseconds"}
    assert set(searched["hits"][0]) == HIT_KEYS
    assert len(searched["hits"]) <= 2
    answered = kb("ask", "规章制度", "带薪年假有几天？", "--json", home=running.home)
    assert answered.returncode == 0
    assert set(value(answered)) >= ASK_KEYS
    assert set(value(answered)["citations"][0]) == HIT_KEYS | {"number"}
    plain = kb("ask", "规章制度", "带薪年假有几天？", home=running.home).stdout
    assert "五天" in plain
    assert "[1] 年假.md" in plain


def test_questions_are_confined_by_type_and_date(kb: Command, running: RunningServer) -> None:
    def found(*options: str) -> list[str]:
        asked = kb("search", "规章制度", "年假", *options, "--json", home=running.home)
        return sorted(hit["document"] for hit in value(asked)["hits"])

    assert found("--type", "md", "--since", "2022-01-01") == ["年假.md"]
    assert found("--type", "md", "--type", "txt") == ["差旅/报销.txt", "年假.md"]
    assert found("--until", "2022-01-01") == []
    answered = kb("ask", "规章制度", "年假有几天？", "--type", "md", "--json", home=running.home)
    assert {each["document"] for each in value(answered)["citations"]} == {"年假.md"}
    for wrong in (("--type", "mp3"), ("--since", "2022"), ("--until", "9999-12-31")):
        assert kb("search", "规章制度", "年假", *wrong, home=running.home).returncode == 2


def test_an_exam_writes_a_line_for_each_question_and_goes_on_where_it_stopped(
    kb: Command, running: RunningServer, tmp_path: Path
) -> None:
    questions, results = tmp_path / "q.jsonl", tmp_path / "out" / "r.jsonl"
    lines = [{"id": f"q{number}", "question": f"年假有几天？{number}"} for number in range(3)]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    arguments = ("eval", "规章制度", str(questions), "--out", str(results), "--retrieval-only")
    assert kb(*arguments, home=running.home).returncode == 0
    first = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in first] == ["q0", "q1", "q2"]
    assert set(first[0]) == {"id", "question", "hits", "answerable", "milliseconds"}
    kept = results.read_text(encoding="utf-8").splitlines(keepends=True)[:1]
    results.write_text(kept[0] + '{"id": "q1", "que', encoding="utf-8")
    again = value(kb(*arguments, "--json", home=running.home))
    assert (again["answered"], again["skipped"]) == (2, 1)
    assert len(results.read_text(encoding="utf-8").splitlines()) == 3


def test_documents_tell_how_well_they_were_read_and_are_filtered_by_it(
    kb: Command, running: RunningServer
) -> None:
    listed = value(kb("documents", "规章制度", "--json", home=running.home))["documents"]
    by_name = {each["document"]: each for each in listed}
    good, bad = by_name["年假.md"], by_name["坏.pdf"]
    assert (good["health"], good["encoding"], good["warnings"]) == ("green", "utf-8", [])
    assert good["pages_health"] == [
        {
            "page": None,
            "sheet": None,
            "characters": 24,
            "readable": 1.0,
            "source": "text",
            "confidence": None,
            "tables": 0,
        }
    ]
    assert (bad["health"], bad["pages_health"]) == ("red", [])
    red = value(kb("documents", "规章制度", "--health", "amber,red", "--json", home=running.home))
    assert (red["total"], [each["document"] for each in red["documents"]]) == (1, ["坏.pdf"])
    table = kb("documents", "规章制度", "--health", "red", home=running.home).stdout
    assert "有问题" in table
    assert "年假.md" not in table
    assert kb("documents", "规章制度", "--health", "pink").returncode == 2


def test_jobs_are_listed_through_the_server(kb: Command, running: RunningServer) -> None:
    jobs = value(kb("jobs", "--json", home=running.home))["jobs"]
    assert [job["state"] for job in jobs] == ["done"]
    assert "完成" in kb("jobs", home=running.home).stdout


def test_locked_files_of_a_job_are_read_again_with_their_password(
    kb: Command, running: RunningServer
) -> None:
    locked = ROOT / "tests" / "data" / "loaders" / "locked.pdf"
    added = value(kb("add", "规章制度", str(locked), "--json", home=running.home))
    assert [file["state"] for file in added["files"]] == ["failed"]

    retried = kb("jobs", "--retry", added["job"], "--password", "8848", "--json", home=running.home)

    (job,) = value(retried)["jobs"]
    assert (retried.returncode, job["total"]) == (0, 1)
    for _ in range(600):
        listed = value(kb("jobs", "--json", home=running.home))["jobs"]
        (job,) = (each for each in listed if each["job_id"] == job["job_id"])
        if job["state"] == "done":
            break
        time.sleep(0.1)
    assert job["counts"] == {"ready": 1}


@pytest.mark.models
def test_locked_files_are_read_again_without_a_server(kb: Command) -> None:
    locked = ROOT / "tests" / "data" / "loaders" / "locked.pdf"
    kb("create", "制度")
    added = value(kb("add", "制度", str(locked), "--json"))

    wrong = kb("jobs", "--retry", added["job"], "--password", "错", "--json")
    right = kb("jobs", "--retry", value(wrong)["jobs"][0]["job_id"], "--password", "8848", "--json")

    assert (wrong.returncode, value(wrong)["jobs"][0]["counts"]) == (1, {"failed": 1})
    assert (right.returncode, value(right)["jobs"][0]["counts"]) == (0, {"ready": 1})


@pytest.mark.models
def test_files_are_added_and_found_without_a_server(kb: Command, tmp_path: Path) -> None:
    path = tmp_path / "年假.txt"
    path.write_text("员工每年享有五天带薪年假。", encoding="utf-8")
    kb("create", "制度")
    added = kb("add", "制度", str(path), "--json")
    assert [file["state"] for file in value(added)["files"]] == ["ready"]
    found = value(kb("search", "制度", "年假有几天？", "--json"))
    assert found["hits"][0]["document"] == "年假.txt"


def test_a_backup_is_written_and_restored(kb: Command, tmp_path: Path) -> None:
    home, file = tmp_path / "first", tmp_path / "备份.zip"
    assert kb("backup", str(file), "--json", home=home).returncode == 1
    kb("create", "财报", home=home)
    note = tmp_path / "a.txt"
    note.write_text("研发费用为3.2亿元。", encoding="utf-8")
    kb("add", "财报", str(note), home=home)
    made = kb("backup", str(file), "--json", home=home)
    assert made.returncode == 0
    assert value(made) == {
        "file": str(file),
        "knowledge_bases": 1,
        "documents": 1,
        "size": file.stat().st_size,
        "missing": [],
        "seconds": value(made)["seconds"],
    }
    again = kb("backup", str(file), home=home)
    assert (again.returncode, again.stdout) == (1, "")
    assert "已经存在" in again.stderr

    other = tmp_path / "second"
    restored = kb("restore", str(file), "--json", home=other)
    assert restored.returncode == 0
    assert (value(restored)["home"], value(restored)["documents"]) == (str(other), 1)
    assert value(kb("documents", "财报", "--json", home=other))["documents"][0]["state"] == "ready"
    refused = kb("restore", str(file), "--json", home=other)
    assert (refused.returncode, value(refused)["error"]["code"]) == (1, "folder_in_use")
    assert kb("restore", str(file), "--replace", home=other).returncode == 0
    assert kb("restore", str(note), "--json", home=tmp_path / "third").returncode == 1


def test_beside_a_server_a_backup_is_written_and_a_restore_refused(
    kb: Command, running: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    kb("create", "财报", home=running.home)
    assert kb("backup", str(file), home=running.home).returncode == 0
    refused = kb("restore", str(file), "--replace", "--json", home=running.home)
    assert (refused.returncode, value(refused)["error"]["code"]) == (1, "busy")


def test_a_folder_is_mirrored_from_the_command_line(kb: Command, tmp_path: Path) -> None:
    home, share = tmp_path / "home", tmp_path / "share"
    share.mkdir()
    for name, text in (("a.txt", "研发费用为3.2亿元。"), ("b.txt", "年假为十天。")):
        (share / name).write_text(text, encoding="utf-8")
        os.utime(share / name, (1_600_000_000, 1_600_000_000))
    kb("create", "财报", home=home)
    linked = value(kb("link", "财报", str(share), "--ignore", "b.*", "--json", home=home))
    (folder,) = linked["folders"]
    assert (linked["dry_run"], folder["added"], folder["excluded"]) == (True, 1, 1)
    assert folder["added_files"] == ["a.txt"]
    assert folder["excluded_files"] == [{"path": "b.txt", "reason": "在不收录的名单里"}]
    assert value(kb("documents", "财报", "--json", home=home))["documents"] == []
    told = kb("sync", "财报", "--dry-run", home=home)
    assert "新增 1 · 修改 0 · 改名 0 · 删除 0" in told.stdout
    assert "b.txt: 在不收录的名单里" in told.stdout
    assert kb("sync", "--json", home=home).returncode == 0
    (document,) = value(kb("documents", "财报", "--json", home=home))["documents"]
    assert (document["document"], document["state"]) == ("a.txt", "ready")
    (share / "a.txt").rename(share / "c.txt")
    renamed = value(kb("sync", "财报", "--json", home=home))["folders"][-1]
    assert renamed["renamed_files"] == [{"before": "a.txt", "now": "c.txt"}]
    share.rename(tmp_path / "away")
    away = kb("sync", "财报", "--json", home=home)
    assert away.returncode == 1
    assert "无法访问" in value(away)["folders"][-1]["problem"]
    assert kb("unlink", "财报", str(share), home=home).returncode == 0
    assert value(kb("documents", "财报", "--json", home=home))["documents"] == []
    assert kb("unlink", "财报", str(share), "--json", home=home).returncode == 1


def test_a_folder_is_mirrored_beside_a_server(
    kb: Command, running: RunningServer, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "a.txt").write_text("研发费用为3.2亿元。", encoding="utf-8")
    os.utime(share / "a.txt", (1_600_000_000, 1_600_000_000))
    kb("create", "新库", home=running.home)
    assert kb("link", "新库", str(share), home=running.home).returncode == 0
    synced = kb("sync", "新库", "--json", home=running.home)
    assert synced.returncode == 0
    assert value(synced)["folders"][-1]["added"] == 1
    (document,) = value(kb("documents", "新库", "--json", home=running.home))["documents"]
    assert (document["document"], document["state"]) == ("a.txt", "ready")
    assert kb("unlink", "新库", str(share), "--keep", home=running.home).returncode == 0


def test_a_data_folder_that_does_not_hold_together_is_told_and_mended(
    kb: Command, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    note = tmp_path / "a.txt"
    note.write_text("研发费用为3.2亿元。", encoding="utf-8")
    kb("create", "财报", home=home)
    kb("add", "财报", str(note), home=home)
    assert value(kb("doctor", "--json", home=home))["findings"] == []
    connection = sqlite3.connect(home / "catalog.db")
    connection.execute("DELETE FROM vectors")
    connection.commit()
    connection.close()
    told = kb("doctor", "--json", home=home)
    assert told.returncode == 1
    (finding, *_rest) = value(told)["findings"]
    assert (finding["kind"], finding["items"]) == ("texts_incomplete", ["a.txt"])
    mended = value(kb("doctor", "--repair", "--json", home=home))
    assert all(each["repaired"] for each in mended["findings"])
    assert "已修复" in mended["findings"][0]["detail"]


def test_a_chat_server_is_registered_and_chosen(
    kb: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "own models"
    monkeypatch.setenv("KB_MODELS", str(models))
    listed = {
        "chatglm2-6b": {
            "local_model_path": "",
            "api_base_url": "http://127.0.0.1:9/v1/",
            "api_key": "EMPTY",
        }
    }
    config = tmp_path / "llm_models.json"
    config.write_text(json.dumps(listed), "utf-8")

    pulled = kb("models", "pull", "chatglm2-6b", "--path", str(config), "--json")
    direct = kb(
        *("models", "pull", "大模型", "--path", "http://10.0.0.9:8000/v1", "--api-key", "k-1"),
        *("--served-as", "big", "--context-length", "16384", "--json"),
    )
    used = kb("models", "use", "大模型", "--json")

    assert [pulled.returncode, direct.returncode, used.returncode] == [0, 0, 0]
    (model,) = value(pulled)["models"]
    assert (model["name"], model["backend"], model["present"]) == ("chatglm2-6b", "openai", True)
    (chosen,) = (each for each in value(used)["models"] if each["used"] and each["kind"] == "chat")
    assert chosen["name"] == "大模型"
    found = find_chat_model("大模型", models)
    assert found.server == Server("http://10.0.0.9:8000/v1", "k-1", "big")
    assert found.context_length == 16384
    assert find_chat_model("chatglm2-6b", models).server == Server(
        "http://127.0.0.1:9/v1", "", "chatglm2-6b"
    )
    assert (models / "registered.json").stat().st_mode & 0o077 == 0
    absent = kb("models", "pull", "other", "--path", str(config), "--json", language="en")
    assert absent.returncode == 1
    assert "has no entry other" in value(absent)["error"]["message"]


@pytest.mark.models
def test_a_chatglm_folder_is_converted(
    kb: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("chatglm_cpp")
    monkeypatch.setenv("KB_MODELS", str(tmp_path / "models"))
    folder = write_folder(tmp_path / "folder")
    assert kb("models", "pull", "ours", "--path", str(folder)).returncode == 0

    made = kb("models", "convert", "ours", "--quantize", "q8_0", "--json")
    refused = kb("models", "convert", "ours", "--quantize", "q3", "--json")

    assert value(made) == {
        "model": "ours-q8_0",
        "path": str(tmp_path / "models" / "ours-q8_0.bin"),
        "cosine_mean": None,
        "cosine_least": None,
    }
    assert (refused.returncode, value(refused)["error"]["code"]) == (1, "conversion")
