import json
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.api.answers import AnswerEvent, PassagesEvent
from app.api.requests import AskRequest, CreateRequest, DocumentsRequest, SearchRequest
from app.client import (
    SERVER_FILE,
    RemoteError,
    RemoteOperations,
    ServerAddress,
    find_server,
    read_server_file,
    remove_server_file,
    write_server_file,
)
from kb.errors import BackendUnavailableError
from tests.app.conftest import RunningServer

ADDRESS = ServerAddress(url="http://127.0.0.1:9", token="t", instance="i", pid=1)


def test_the_servers_file_is_the_owners_alone(tmp_path: Path) -> None:
    write_server_file(tmp_path, ADDRESS)
    assert stat.S_IMODE((tmp_path / SERVER_FILE).stat().st_mode) == 0o600
    assert read_server_file(tmp_path) == ADDRESS


def test_a_server_removes_only_its_own_file(tmp_path: Path) -> None:
    write_server_file(tmp_path, ADDRESS)
    remove_server_file(tmp_path, "another")
    assert read_server_file(tmp_path) == ADDRESS
    remove_server_file(tmp_path, "i")
    assert read_server_file(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", '{"url": 1}', "{"])
def test_a_file_that_is_not_one_is_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / SERVER_FILE).write_text(content)
    assert read_server_file(tmp_path) is None


def test_a_stale_file_is_no_server(tmp_path: Path) -> None:
    write_server_file(tmp_path, ADDRESS)
    assert find_server(tmp_path, "zh") is None


def test_another_server_at_the_same_address_is_not_ours(running: RunningServer) -> None:
    path = running.home / SERVER_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "instance": "former"}))
    assert find_server(running.home, "zh") is None


def test_the_operations_work_over_http(running: RunningServer, tmp_path: Path) -> None:
    remote = find_server(running.home, "zh")
    assert remote is not None
    assert remote.create(CreateRequest(name="a/b")).name == "a/b"
    assert remote.documents("a/b", DocumentsRequest()).total == 0
    path = tmp_path / "加班.txt"
    path.write_text("加班须提前申请。", encoding="utf-8")
    report = remote.add("a/b", [path])
    assert [(file.document, file.state) for file in report.files] == [("加班.txt", "ready")]
    found = remote.search(SearchRequest(knowledge_bases=["a/b"], question="加班要申请吗？"))
    assert found.hits[0].document == "加班.txt"
    request = AskRequest(knowledge_bases=["规章制度"], question="年假有几天？", conversation="")
    events = list(remote.ask(request))
    assert isinstance(events[0], PassagesEvent)
    assert isinstance(events[-1], AnswerEvent)
    assert remote.remove("a/b", "加班.txt").document == "加班.txt"
    assert remote.delete("a/b").name == "a/b"
    remote.close()


def test_errors_of_the_server_keep_code_and_sentence(running: RunningServer) -> None:
    remote = find_server(running.home, "en")
    assert remote is not None
    with pytest.raises(RemoteError) as caught:
        remote.documents("none", DocumentsRequest())
    assert caught.value.code == "not_found"
    assert str(caught.value) == "There is no knowledge base “none”."
    with pytest.raises(RemoteError, match="none"):
        list(remote.ask(AskRequest(knowledge_bases=["none"], question="?")))
    remote.close()


def test_a_password_reaches_the_server(running: RunningServer) -> None:
    remote = find_server(running.home, "zh")
    assert remote is not None
    locked = Path(__file__).parent.parent / "data" / "loaders" / "locked.pdf"
    (refused,) = remote.add("规章制度", [locked]).files
    (taken,) = remote.add("规章制度", [locked], password="8848").files
    remote.close()

    assert (refused.state, "密码" in (refused.reason or "")) == ("failed", True)
    assert taken.state == "ready"


def test_line_ends_of_unicode_in_a_question_do_not_cut_its_events(running: RunningServer) -> None:
    remote = find_server(running.home, "zh")
    assert remote is not None
    question = "带薪年假\u2028有几天？\x85"
    request = AskRequest(knowledge_bases=["规章制度"], question=question, conversation="")
    *_, last = remote.ask(request)
    remote.close()
    assert isinstance(last, AnswerEvent)
    assert last.answer.question == question


def test_a_server_that_dies_in_mid_answer_is_an_error_of_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_half() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                body = b'event: token\ndata: {"event": "token", "text": "a"}\n\n'
                connection.sendall(head + b"%x\r\n%s\r\n" % (len(body), body))
                connection.shutdown(socket.SHUT_WR)
                # Closed with something unread, it would take back what was sent.
                while connection.recv(65536):
                    pass

        threading.Thread(target=answer_half, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        remote = RemoteOperations(replace(ADDRESS, url=url), "zh")
        events = remote.ask(AskRequest(knowledge_bases=["a"], question="b"))
        assert next(events).event == "token"
        with pytest.raises(BackendUnavailableError):
            next(events)
        remote.close()
