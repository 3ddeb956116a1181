import os
from dataclasses import replace
from pathlib import Path

import pytest

from kb.models import machine


def test_this_machine_is_described() -> None:
    found = machine.look()
    assert 1 <= found.cores <= (os.cpu_count() or 1)
    assert found.memory > 500_000_000
    assert found.system.split()


def test_a_graphics_card_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA A10, 24576'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.look().gpus == (machine.Gpu("NVIDIA A10", 24576 << 20),)


def test_a_failing_nvidia_smi_means_no_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'driver not loaded'\nexit 9\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.look().gpus == ()


@pytest.mark.parametrize(
    ("gigabytes", "name"),
    [(1, "qwen2.5-coder-0.5b"), (3, "qwen2.5-coder-0.5b"), (8, "qwen2.5-coder-1.5b")],
)
def test_the_chat_model_fits_the_memory(gigabytes: int, name: str) -> None:
    found = replace(machine.look(), memory=gigabytes * 1_000_000_000)
    assert machine.fitting_chat_model(found).name == name
