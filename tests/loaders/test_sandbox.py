"""The parsers' processes: streams, limits, crashes, cancelling, recycling."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loaders.errors import (
    EmptyFileError,
    EncryptedFileError,
    LimitExceededError,
    LoadCancelledError,
    LoaderCrashedError,
    LoadError,
)
from loaders.limits import Limits
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from loaders.sandbox import ParserPool, _environment

DATA = Path(__file__).parent.parent / "data" / "loaders"


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(1, seconds=60) as made:
        yield made


def _child_pid(pool: ParserPool) -> int:
    (child,) = pool._running
    return child._process.pid


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "大.csv"
    path.write_text("名称,数量\n" + "螺栓,1200\n" * 100_000, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["handbook.pdf", "manual.docx", "sales.xlsx", "notice.txt"])
def test_records_arrive_as_they_were_read(pool: ParserPool, name: str) -> None:
    assert list(pool.load(DATA / name)) == list(records_of(DATA / name))


def test_errors_arrive_with_class_and_params(pool: ParserPool, tmp_path: Path) -> None:
    (tmp_path / "空.txt").write_bytes(b"")
    with pytest.raises(EmptyFileError):
        list(pool.load(tmp_path / "空.txt"))
    with pytest.raises(EncryptedFileError) as caught:
        list(pool.load(DATA / "locked.pdf", password="错"))
    assert caught.value.params == {"format": "pdf"}


def test_child_is_used_again(pool: ParserPool) -> None:
    list(pool.load(DATA / "notice.txt"))
    before = _child_pid(pool)
    list(pool.load(DATA / "notice.txt"))

    assert _child_pid(pool) == before


def test_child_that_dies_costs_one_file(pool: ParserPool, large: Path) -> None:
    stream = pool.load(large)
    next(stream)
    os.kill(_child_pid(pool), signal.SIGKILL)

    with pytest.raises(LoaderCrashedError):
        list(stream)
    assert isinstance(list(pool.load(DATA / "notice.txt"))[-1], LoadSummary)


def test_file_given_up_half_way_frees_its_child(pool: ParserPool, large: Path) -> None:
    stream = pool.load(large)
    first = next(stream)
    assert isinstance(first, ElementRecord)
    stream.close()  # type: ignore[attr-defined]

    assert isinstance(list(pool.load(DATA / "notice.txt"))[-1], LoadSummary)


def test_stream_waits_for_its_reader(pool: ParserPool, large: Path) -> None:
    stream = pool.load(large)
    next(stream)
    (child,) = pool._running
    time.sleep(1.0)

    # The file yields some 4 MB; what lies ready is no more than was read at once and the pipe.
    assert len(child._buffer) < 1_000_000
    assert child.is_alive()
    assert sum(1 for _ in stream) == 500


def test_cancelling_ends_the_work(pool: ParserPool, large: Path) -> None:
    read: list[object] = []

    with pytest.raises(LoadCancelledError):
        read.extend(pool.load(large, cancelled=lambda: True))
    assert read == []


def test_hanging_child_is_stopped() -> None:
    with ParserPool(1, seconds=60) as pool:
        list(pool.load(DATA / "notice.txt"))
        pool.seconds = 0.5
        os.kill(_child_pid(pool), signal.SIGSTOP)
        started = time.monotonic()

        with pytest.raises(LimitExceededError) as caught:
            list(pool.load(DATA / "notice.txt"))
        assert caught.value.params["limit"] == "time"
        assert time.monotonic() - started < 10
        pool.seconds = 60
        assert isinstance(list(pool.load(DATA / "notice.txt"))[-1], LoadSummary)


def test_a_file_that_gets_on_may_take_longer_than_the_limit(large: Path) -> None:
    with ParserPool(1, seconds=60) as pool:
        list(pool.load(DATA / "notice.txt"))
        pool.seconds = 2
        stream = pool.load(large)
        read = [next(stream)]
        for _ in range(4):
            os.kill(_child_pid(pool), signal.SIGSTOP)
            resume = threading.Timer(0.8, os.kill, (_child_pid(pool), signal.SIGCONT))
            resume.start()
            read.extend(itertools.islice(stream, 100))
            resume.join()
        read.extend(stream)

    assert isinstance(read[-1], LoadSummary)
    assert len(read) == 501


def test_memory_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "长.html").write_text("<p>" + "很长的一页文字。" * 5_000_000 + "</p>")
    with ParserPool(1, seconds=120, memory_mb=700) as pool:
        with pytest.raises(LimitExceededError) as caught:
            list(pool.load(tmp_path / "长.html"))
        assert caught.value.params["limit"] == "memory"
        assert isinstance(list(pool.load(DATA / "notice.txt"))[-1], LoadSummary)


def test_child_retires_after_its_files() -> None:
    with ParserPool(1, files_per_child=1) as pool:
        list(pool.load(DATA / "staff.tsv"))

        assert not pool._running


def test_several_threads_share_the_children() -> None:
    results: list[int] = []

    def read(pool: ParserPool) -> None:
        for _ in range(3):
            results.append(sum(1 for _ in pool.load(DATA / "stock.csv")))

    with ParserPool(2) as pool:
        threads = [threading.Thread(target=read, args=(pool,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pool._running) <= 2
    assert results == [3] * 9


def test_close_ends_the_children(pool: ParserPool) -> None:
    other = ParserPool(1)
    list(other.load(DATA / "notice.txt"))
    (child,) = other._running
    other.close()

    assert not child.is_alive()
    with pytest.raises(LoadCancelledError):
        list(other.load(DATA / "notice.txt"))


def test_children_get_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    environment = _environment(Path("folder"))

    assert "secret" not in environment.values()
    assert environment["OMP_NUM_THREADS"] == "1"


def _run_in_child(tmp_path: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines where a parser would run, with its limits set as for a file."""
    program = tmp_path / "inside.py"
    program.write_text(
        "import resource\nfrom loaders import child\nchild._leave_no_core()\n"
        "child._limit_memory(1024)\nchild._limit_file(1, 1)\n" + code,
        encoding="utf-8",
    )
    return subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(DATA.parent.parent.parent), "PATH": ""},
    )


def test_limits_bind_the_child_but_not_the_programs_it_starts(tmp_path: Path) -> None:
    done = _run_in_child(
        tmp_path,
        "for kind in ('AS', 'FSIZE', 'CPU', 'CORE'):\n"
        "    soft, hard = resource.getrlimit(getattr(resource, 'RLIMIT_' + kind))\n"
        "    print(kind, soft, hard)\n",
    )
    limits = {}
    for line in done.stdout.splitlines():
        kind, soft, hard = line.split()
        limits[kind] = (int(soft), int(hard))

    assert limits["AS"][0] == 1024 << 20
    assert limits["FSIZE"][0] == 1 << 20
    assert 10 < limits["CPU"][0] < 60
    assert limits["CORE"] == (0, 0)
    assert all(hard in (-1, soft) or hard > soft for soft, hard in limits.values())


def test_a_file_that_grows_without_end_is_cut_off(tmp_path: Path) -> None:
    done = _run_in_child(
        tmp_path,
        "try:\n    open('large', 'wb').write(bytes(3 << 20))\n"
        "except OSError as exc:\n    print(exc.errno)\n",
    )

    assert done.stdout.strip() == str(errno.EFBIG)
    assert (tmp_path / "large").stat().st_size <= 1 << 20


def test_nothing_that_a_child_started_or_wrote_outlives_it() -> None:
    other = ParserPool(1)
    list(other.load(DATA / "staff.tsv"))
    (child,) = other._running
    folder, group = child._folder, child._process.pid
    (folder / "left").write_text("half a document")
    # What a loader starts stands in the same group.
    assert os.getpgid(group) == group != os.getpgid(0)
    other.close()

    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_memory_is_back_after_bad_files(tmp_path: Path) -> None:
    import psutil

    def resident(process: psutil.Process) -> int:
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))

    (tmp_path / "长.html").write_text("<p>" + "很长的一页文字。" * 2_000_000 + "</p>")
    (tmp_path / "噪声.pdf").write_bytes(bytes(range(256)) * 1000)
    with zipfile.ZipFile(tmp_path / "弹.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(50 << 20))
    me = psutil.Process()
    with ParserPool(1, seconds=60, memory_mb=400, limits=Limits(ratio_from_mb=1)) as pool:
        list(pool.load(DATA / "notice.txt"))
        before = resident(me)
        for name in ("长.html", "噪声.pdf", "弹.docx"):
            with pytest.raises(LoadError):
                list(pool.load(tmp_path / name))
        list(pool.load(DATA / "notice.txt"))

        assert resident(me) < before + (80 << 20)


def test_children_die_with_their_parent() -> None:
    program = (
        "import os, sys\n"
        "from loaders.sandbox import ParserPool\n"
        "pool = ParserPool(1)\n"
        "list(pool.load(sys.argv[1]))\n"
        "print(next(iter(pool._running))._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(DATA / "staff.tsv")],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(DATA.parent.parent.parent), "PATH": ""},
    )
    pid = int(done.stdout)

    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or _is_zombie(pid):
            return
        time.sleep(0.1)
    pytest.fail("the child outlived its parent")


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
