from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.setup.child import Outcome, Runner
from app.setup.errors import SetupError
from app.setup.packages import (
    batched,
    blocks,
    distribution,
    install_lock,
    is_installed,
    pip_failure,
    repair,
    requirement_name,
)
from app.setup.places import ROOT, Places

Wheel = Callable[..., str]
WriteLock = Callable[[str, str], Path]


def imports(places: Places, module: str) -> str:
    found = subprocess.run(
        [places.python, "-c", f"import {module}; print({module}.value)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def test_a_lock_is_installed_with_its_hashes_and_stamped(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    write_lock("base", "# comment\n" + wheel("zhiku-one", "value = 7\n") + wheel("zhiku-two"))
    assert not is_installed(environment, "base")
    install_lock(environment, runner, "base")
    assert is_installed(environment, "base")
    assert imports(environment, "zhiku_one") == "7"
    assert distribution(environment, "zhiku_two") == "1.0"


def test_a_changed_lock_is_installed_again(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    write_lock("base", wheel("zhiku-one"))
    install_lock(environment, runner, "base")
    write_lock("base", wheel("zhiku-one", "value = 2\n", version="2.0"))
    assert not is_installed(environment, "base")
    install_lock(environment, runner, "base")
    assert imports(environment, "zhiku_one") == "2"


def test_packages_of_other_platforms_are_passed_over(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    other = wheel("zhiku-other").replace("1.0 \\", "1.0 ; sys_platform == 'nowhere' \\")
    write_lock("base", wheel("zhiku-one") + other)
    install_lock(environment, runner, "base")
    assert distribution(environment, "zhiku-one") == "1.0"
    assert distribution(environment, "zhiku-other") is None


def test_an_altered_file_is_refused(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    lock = wheel("zhiku-one")
    wheel("zhiku-one", "value = 'altered'\n")
    write_lock("base", lock)
    with pytest.raises(SetupError, match=r"zhiku-one==1\.0") as caught:
        install_lock(environment, runner, "base")
    assert caught.value.key == "wrong_hash"
    assert distribution(environment, "zhiku-one") is None
    assert not is_installed(environment, "base")


def test_what_the_index_lacks_is_named(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    write_lock("base", wheel("zhiku-one").replace("zhiku-one", "zhiku-absent"))
    with pytest.raises(SetupError, match=r"zhiku-absent==1\.0") as caught:
        install_lock(environment, runner, "base")
    assert caught.value.key == "not_in_index"


def test_without_a_network_the_sentence_names_the_mirror_settings(
    environment: Places,
    runner: Runner,
    wheel: Wheel,
    write_lock: WriteLock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
    write_lock("base", wheel("zhiku-one"))
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SetupError, match="PIP_INDEX_URL") as caught:
        install_lock(environment, runner, "base")
    assert caught.value.key == "no_network"


def test_packages_left_half_installed_are_installed_again(
    environment: Places, runner: Runner, wheel: Wheel, write_lock: WriteLock
) -> None:
    names = ["zhiku-gone", "zhiku-altered", "zhiku-unrecorded", "zhiku-torn", "zhiku-whole"]
    write_lock("base", "".join(wheel(name, "value = 7\n") for name in names))
    install_lock(environment, runner, "base")
    site = environment.site_packages
    (site / "zhiku_gone.py").unlink()
    (site / "zhiku_altered.py").write_text("value = 0\n", "utf-8")
    (site / "zhiku_unrecorded-1.0.dist-info" / "RECORD").unlink()
    (site / "zhiku_torn-1.0.dist-info" / "RECORD").write_text("", "utf-8")
    (site / "~hiku_gone").mkdir()
    repair(environment, runner)
    assert [distribution(environment, name) for name in names] == [None] * 4 + ["1.0"]
    assert not (site / "~hiku_gone").exists()
    install_lock(environment, runner, "base")
    assert [imports(environment, name.replace("-", "_")) for name in names] == ["7"] * 5


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_killed_in_the_middle_it_goes_on_when_run_again(
    environment: Places,
    runner: Runner,
    wheel: Wheel,
    write_lock: WriteLock,
) -> None:
    names = [f"zhiku-part{number}" for number in range(45)]
    write_lock("base", "".join(wheel(name) for name in names))
    program = (
        "import sys, io\n"
        "from pathlib import Path\n"
        "from app.setup.child import Runner\n"
        "from app.setup.console import Console\n"
        "from app.setup.packages import install_lock\n"
        "from app.setup.places import Places\n"
        "root = Path(sys.argv[1])\n"
        "places = Places(root, root / 'models', root / 'locks')\n"
        "console = Console(io.StringIO()); console.begin(1, 1, '')\n"
        "install_lock(places, Runner(console), 'base')\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, environment.root], cwd=ROOT) as first:
        while distribution(environment, names[19]) is None:
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    assert not is_installed(environment, "base")
    time.sleep(1)
    install_lock(environment, runner, "base")
    assert [distribution(environment, name) for name in names] == ["1.0"] * 45
    fetched_again = environment.log("base").read_text("utf-8").count("Processing ")
    assert fetched_again <= 25


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk_full"),
        ("ERROR: [Errno 13] Permission denied: '/x'", "not_writable"),
        (
            "Retrying: NewConnectionError('x')\nERROR: No matching distribution found for a",
            "no_network",
        ),
        ("ERROR: No matching distribution found for a==1", "not_in_index"),
        ("something else broke", "pip_failed"),
    ],
)
def test_pip_failures_are_told_apart(text: str, key: str) -> None:
    outcome = Outcome(code=1, lines=tuple(text.splitlines()))
    assert pip_failure(outcome, "base.txt", Path("base.log")).key == key


def test_progress_counts_what_is_installed(
    environment: Places,
    wheel: Wheel,
    write_lock: WriteLock,
    output: io.StringIO,
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.setup.console._PLAIN_SECONDS", 0.0)
    write_lock("base", wheel("zhiku-one") + wheel("zhiku-two"))
    install_lock(environment, runner, "base")
    assert "已装 0/2" in output.getvalue()


def test_locks_are_read_by_package() -> None:
    hashes = "    --hash=sha256:0 \\\n    --hash=sha256:1\n"
    lock = f"# made\nOne.X==1 ; a \\\n{hashes}two==2 \\\n    --hash=sha256:2\n"
    assert [requirement_name(block) for block in blocks(lock)] == ["one-x", "two"]
    assert blocks(lock)[1] == "two==2 \\\n    --hash=sha256:2"


def test_groups_hold_every_item_once() -> None:
    assert list(batched(list("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]
