"""What this machine is, and which chat model fits it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kb.models.table import CHAT_MODELS, ChatModel

_FLAGS = ("avx", "avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "asimd", "asimddp")
_GPU_SECONDS = 5
# Beside the weights: the context's keys and values, the pages, the indexes, the embedder.
_SPARE_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card that ``nvidia-smi`` lists; memory in bytes."""

    name: str
    memory: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, memory in bytes, cards; ``flags`` are the vector instructions that models use."""

    system: str
    processor: str
    cores: int
    memory: int
    flags: tuple[str, ...]
    gpus: tuple[Gpu, ...]


def look() -> Machine:
    """Look at this machine; asks ``nvidia-smi`` where there is one."""
    facts = _cpuinfo()
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=facts[0].get("model name", platform.processor())
        if facts
        else platform.processor(),
        cores=physical_cores(),
        memory=memory(),
        flags=_flags(facts),
        gpus=_gpus(),
    )


def physical_cores() -> int:
    """Count the physical cores this process may use; hyper-threads only slow a model down."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores = {
        (facts.get("physical id", "0"), facts.get("core id", facts["processor"]))
        for facts in _cpuinfo()
        if "processor" in facts and (allowed is None or int(facts["processor"]) in allowed)
    }
    if cores:
        return len(cores)
    if sys.platform == "darwin":
        return int(_run(["sysctl", "-n", "hw.physicalcpu"]) or os.cpu_count() or 1)
    return len(allowed) if allowed else max(1, (os.cpu_count() or 2) // 2)


def memory() -> int:
    """Return the bytes of memory, a container's limit included; 0 where it cannot be told."""
    limits = [size for size in (_physical_memory(), _container_limit()) if size]
    return min(limits, default=0)


def fitting_chat_model(machine: Machine) -> ChatModel:
    """Return the best bundled chat model that fits into the machine's memory, else the smallest."""
    bundled = [model for model in CHAT_MODELS if model.source is not None]
    models = sorted(bundled, key=lambda model: model.size, reverse=True)
    for model in models:
        if machine.memory >= model.size + _SPARE_BYTES:
            return model
    return models[-1]


def _cpuinfo() -> list[dict[str, str]]:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return []
    blocks = path.read_text(encoding="utf-8", errors="replace").strip().split("\n\n")
    return [
        {
            key.strip(): value.strip()
            for key, _, value in (line.partition(":") for line in block.splitlines())
        }
        for block in blocks
    ]


def _flags(facts: list[dict[str, str]]) -> tuple[str, ...]:
    first = facts[0] if facts else {}
    present = set((first.get("flags") or first.get("Features") or "").split())
    return tuple(flag for flag in _FLAGS if flag in present)


def _physical_memory() -> int:
    if sys.platform == "win32":
        return _windows_memory()
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _windows_memory() -> int:
    if sys.platform != "win32":
        return 0
    import ctypes

    kilobytes = ctypes.c_ulonglong()
    ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
    return kilobytes.value * 1024


def _container_limit() -> int:
    path = Path("/sys/fs/cgroup/memory.max")
    if not path.is_file():
        return 0
    said = path.read_text(encoding="ascii").strip()
    return int(said) if said.isdigit() else 0


def _gpus() -> tuple[Gpu, ...]:
    asked = ["--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    found = []
    for line in _run(["nvidia-smi", *asked]).splitlines():
        name, _, megabytes = line.rpartition(",")
        if megabytes.strip().isdigit():
            found.append(Gpu(name.strip(), int(megabytes) << 20))
    return tuple(found)


def _run(command: list[str]) -> str:
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands that only tell about the machine
            [program, *command[1:]],
            capture_output=True,
            text=True,
            timeout=_GPU_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
