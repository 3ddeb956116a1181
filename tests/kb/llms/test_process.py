from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kb.llms.process import ChatChild, ChildTask


def test_a_child_whose_model_cannot_be_loaded_fails_with_the_reason(tmp_path: Path) -> None:
    child = ChatChild(ChildTask("m", "abacus", tmp_path / "m", 512, 1), start_seconds=60)
    assert child.wait_until_settled(60)
    assert child.state == "failed"
    assert child.reason.startswith("unknown chat backend abacus; known: chatglm_cpp, llama_cpp")
    child.end()
    assert not child.is_alive()


def test_loading_has_a_time_limit(tmp_path: Path) -> None:
    # Nobody ever writes into this file: reading its beginning takes for ever.
    pytest.importorskip("llama_cpp")
    pipe = tmp_path / "m.gguf"
    os.mkfifo(pipe)
    child = ChatChild(ChildTask("m", "llama_cpp", pipe, 512, 1), start_seconds=2.5)
    assert child.wait_until_settled(20)
    assert child.state == "failed"
    child.end()
    assert child.wait_until_gone(5)


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    pipe = tmp_path / "m.gguf"
    os.mkfifo(pipe)
    made: list[ChatChild] = []
    task = ChildTask("m", "llama_cpp", pipe, 512, 1)
    asking = threading.Thread(target=lambda: made.append(ChatChild(task, start_seconds=60)))
    asking.start()
    asking.join()
    child = made[0]
    assert not child.wait_until_gone(2)
    assert child.is_alive()
    child.end()
    assert not child.is_alive()


def test_the_child_sees_no_key_and_no_proxy_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llama_cpp")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-pass-on")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    pipe = tmp_path / "m.gguf"
    os.mkfifo(pipe)
    child = ChatChild(ChildTask("m", "llama_cpp", pipe, 512, 1), start_seconds=60)
    while child.port == 0:
        assert not child.wait_until_gone(0.02)
    environment = Path(f"/proc/{child.pid}/environ").read_text()
    assert "sk-do-not-pass-on" not in environment
    assert "proxy.invalid" not in environment
    assert "OMP_WAIT_POLICY=passive" in environment
    child.end()
