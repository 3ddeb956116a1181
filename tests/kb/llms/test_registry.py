from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from kb.errors import BackendUnavailableError
from kb.llms.base import LocalChatModel
from kb.llms.registry import BACKENDS, available_backend, open_model
from tests.kb.llms.records import chat_model

KNOWN = "known: chatglm_cpp, llama_cpp, transformers, xllamacpp"


def hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_every_target_is_a_local_chat_model(name: str) -> None:
    module, _, attribute = BACKENDS[name].target.partition(":")
    assert issubclass(getattr(import_module(module), attribute), LocalChatModel)


def test_no_backend_imports_its_package_before_a_model_is_opened() -> None:
    code = (
        "import sys, kb.llms.registry, kb.llms.llama_cpp, kb.llms.xllamacpp, kb.llms.service;"
        "import kb.llms.chatglm_cpp, kb.llms.transformers;"
        "print([n for n in ('llama_cpp', 'xllamacpp', 'chatglm_cpp', 'torch', 'transformers',"
        " 'langchain_openai', 'openai')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_compiled_backend_is_preferred_and_the_wheel_stands_in_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("xllamacpp")
    assert available_backend(chat_model("m.gguf")) == "llama_cpp"
    hide(monkeypatch, "llama_cpp")
    assert available_backend(chat_model("m.gguf")) == "xllamacpp"


def test_without_any_package_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "llama_cpp", "xllamacpp")
    with pytest.raises(BackendUnavailableError) as caught:
        available_backend(chat_model("m.gguf"))
    assert caught.value.hint == "python3 -m app setup"
    assert "needs llama_cpp or xllamacpp: python3 -m app setup" in str(caught.value)
    hide(monkeypatch, "chatglm_cpp", "transformers")
    for backend, option in (("chatglm_cpp", "--chatglm"), ("transformers", "--transformers")):
        with pytest.raises(BackendUnavailableError) as caught:
            available_backend(chat_model("m", backend=backend))
        assert caught.value.hint == f"python3 -m app setup {option}"


def test_an_unknown_backend_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(BackendUnavailableError, match=KNOWN):
        available_backend(chat_model("m.gguf", backend="abacus"))
    with pytest.raises(BackendUnavailableError, match=KNOWN):
        open_model("abacus", Path("m.gguf"), context_length=512, threads=1)


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_hidden_package_is_unavailable_when_a_model_is_opened(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hide(monkeypatch, *BACKENDS[name].packages)
    with pytest.raises(BackendUnavailableError, match="cannot be used"):
        open_model(name, tmp_path / "m.gguf", context_length=512, threads=1)


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_damaged_file_is_unavailable_and_named(name: str, tmp_path: Path) -> None:
    for package in BACKENDS[name].packages:
        pytest.importorskip(package)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(2000))
    with pytest.raises(BackendUnavailableError, match=r"broken\.gguf.* cannot be"):
        open_model(name, broken, context_length=512, threads=1)
