"""The bundled models, fetched and verified by the environment's own Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.messages import CHINESE, say
from app.setup.places import ROOT, Places, fingerprint, read_stamp, write_stamp

STEP = "models"
BUNDLED = ("e5-small", "qwen2.5-coder-1.5b")
_COUNTED_BYTES = 1000
_TABLE = ROOT / "kb" / "models" / "table.py"


def models_are_there(places: Places, names: Sequence[str]) -> bool:
    """Tell from the stamp and the files' sizes, hashing nothing, whether the models are whole."""
    stamp = read_stamp(places, STEP)
    if stamp.get("folder") != str(places.models) or stamp.get("table") != fingerprint(_TABLE):
        return False
    files = stamp.get("files")
    verified = stamp.get("names")
    if not isinstance(files, list) or not isinstance(verified, list):
        return False
    return set(names) <= set(verified) and all(
        _size(places.models / path) == size for path, size in files
    )


def fetch_models(places: Places, runner: Runner, names: Sequence[str]) -> None:
    """Fetch and verify the models, then stamp them.

    Raises:
        SetupError: a model could not be fetched or does not match its checksum.
    """
    log = places.log(STEP)
    log.unlink(missing_ok=True)
    reports: list[dict[str, object]] = []

    def show(line: str) -> None:
        report = _report(line)
        if report is None:
            return
        if "stage" in report:
            runner.console.tick(_progress(report))
        else:
            reports.append(report)

    outcome = runner.run(
        [places.python, "-m", "app.setup.models", places.models, *names],
        cwd=ROOT,
        log=log,
        on_line=show,
    )
    errors = [str(report["error"]) for report in reports if "error" in report]
    if outcome.code:
        last = next((line for line in reversed(outcome.lines) if line.strip()), "")
        raise SetupError("models_failed", problem=errors[0] if errors else f"{last} ({log})")
    stamp: dict[str, object] = {
        "folder": str(places.models),
        "table": fingerprint(_TABLE),
        "names": list(names),
        "files": [item for report in reports for item in _files(report)],
    }
    write_stamp(places, STEP, stamp)


def _report(line: str) -> dict[str, object] | None:
    try:
        report = json.loads(line)
    except ValueError:
        # A warning of some package; it stands in the log.
        return None
    return report if isinstance(report, dict) else None


def _files(report: dict[str, object]) -> list[object]:
    files = report.get("files")
    return files if isinstance(files, list) else []


def _progress(report: dict[str, object]) -> str:
    key = f"stage_{report['stage']}"
    doing = f"{report['model']} · {say(key) if key in CHINESE else report['stage']}"
    done, total = float(str(report["done"])), float(str(report["total"]))
    if total < _COUNTED_BYTES:
        # A stage without bytes to count, such as the conversion.
        return f"{doing} {done / total:.0%}" if total else doing
    return say("pulling", doing=doing, done=f"{done / 1e6:.1f}", total=f"{total / 1e6:.1f}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
