from __future__ import annotations

import io

import pytest

from app.setup.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_when_a_step_begins_and_ends() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.begin(2, 5, "安装依赖")
    for _ in range(100):
        console.tick("已装 3/9")
    console.end()
    assert stream.getvalue() == "[2/5] 安装依赖 …\n[2/5] 安装依赖 · 完成 · 0 秒\n"


def test_a_log_gets_a_line_in_between_when_a_step_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.setup.console._PLAIN_SECONDS", 0.0)
    stream = io.StringIO()
    console = Console(stream)
    console.begin(1, 1, "编译")
    console.tick("源码")
    console.tick()
    lines = stream.getvalue().splitlines()
    assert lines == ["[1/1] 编译 …", "[1/1] 编译 · 源码 · 0 秒", "[1/1] 编译 · 源码 · 0 秒"]


def test_a_terminal_keeps_one_moving_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.setup.console._REDRAW_SECONDS", 0.0)
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    console = Console(stream)
    console.begin(1, 2, "下载")
    console.tick("10 MB")
    console.tick("20 MB")
    console.end("就绪")
    drawn = stream.getvalue().split("\r")
    assert drawn[2].strip() == "- [1/2] 下载 · 10 MB · 0 秒"
    assert drawn[3].strip() == "\\ [1/2] 下载 · 20 MB · 0 秒"
    assert drawn[-1] == "[1/2] 下载 · 就绪 · 0 秒\n"


def test_the_moving_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    Console(stream).begin(1, 2, "很长很长很长很长很长的标题")
    assert stream.getvalue() == "\r/ [1/2] 很长很长很"
