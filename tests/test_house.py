"""The house rules that a reader relies on: imports go one way, heavy packages come late."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.settings import PROJECT

ROOMS = {"loaders": (), "kb": ("loaders",), "app": ("kb", "loaders")}
FORBIDDEN = {
    "loaders": ("kb", "app", "streamlit", "fastapi"),
    "kb": ("app", "streamlit", "fastapi"),
    "app": ("tests", "benchmarks"),
}
HEAVY = (
    "faiss",
    "tantivy",
    "onnxruntime",
    "onnx",
    "torch",
    "sentence_transformers",
    "llama_cpp",
    "xllamacpp",
    "unstructured",
    "pypdfium2",
    "openpyxl",
    "langchain_openai",
    "langchain_community",
    "alembic.command",
)


def modules(room: str) -> Iterator[Path]:
    return (PROJECT / room).rglob("*.py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in modules(room)
        for name in imported(path)
        if name.split(".")[0] in FORBIDDEN[room]
    ]
    assert wrong == []


@pytest.mark.parametrize("module", ["kb.workspace", "app.operations", "app.cli"])
def test_heavy_packages_are_imported_only_when_used(module: str) -> None:
    code = f"import sys, {module}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_print_outside_the_front_doors() -> None:
    allowed = {"app/cli.py", "app/__main__.py"}
    printing = {
        path.relative_to(PROJECT).as_posix()
        for room in ROOMS
        for path in modules(room)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    }
    assert printing <= allowed


def test_nothing_is_pickled() -> None:
    users = [
        path.relative_to(PROJECT).as_posix()
        for room in ROOMS
        for path in modules(room)
        if {"pickle", "joblib", "dill", "shelve"} & {name.split(".")[0] for name in imported(path)}
    ]
    assert users == []
