"""A mirrored folder of many files: listed for the first time, and looked at again unchanged.

Beside it, in the same run, what compares every file by its content each time.

    python -m benchmarks.mirror [--files 30000]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from kb.settings import Settings
from kb.store.folders import MirroredFile
from kb.store.tables import documents
from kb.workspace import Workspace

_PER_FOLDER = 100
_BYTES = 20_000
_AGE = 1_600_000_000


def write_files(root: Path, count: int) -> list[Path]:
    """Make a tree of files that differ in a few bytes; a company's are larger."""
    body = os.urandom(_BYTES)
    made = []
    for number in range(count):
        path = root / f"部门{number // _PER_FOLDER}" / f"制度{number}.docx"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body + str(number).encode())
        os.utime(path, (_AGE, _AGE))
        made.append(path)
    return made


def take_in(workspace: Workspace, kb_id: str, root: Path, paths: list[Path]) -> None:
    """Write what the catalog knows once all of them were taken in."""
    (folder,) = (each for each in workspace.mirror.folders(kb_id) if each.path)
    now = time.time()
    names = [path.relative_to(root).as_posix() for path in paths]
    with workspace._database.write() as connection:
        connection.execute(
            insert(documents),
            [
                {
                    "id": number,
                    "kb_id": kb_id,
                    "path": name,
                    "state": "ready",
                    "size": path.stat().st_size,
                    "mtime": _AGE,
                    "source": "linked",
                    "owner": "",
                    "created_by": "",
                    "created_at": now,
                    "updated_at": now,
                }
                for number, (name, path) in enumerate(zip(names, paths, strict=True), 1)
            ],
        )
    workspace._folders.note(
        folder.folder_id,
        [
            MirroredFile(name, path.stat().st_size, path.stat().st_mtime_ns, _sha256(path), number)
            for number, (name, path) in enumerate(zip(names, paths, strict=True), 1)
        ],
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def by_content(root: Path) -> dict[str, str]:
    """List a folder by walking it and reading every file."""
    return {
        os.path.join(above, name): _sha256(Path(above, name))  # noqa: PTH118 - as one would
        for above, _folders, names in os.walk(root)
        for name in names
    }


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=30_000)
    count = parser.parse_args().files
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "share"
        root.mkdir()
        paths = write_files(root, count)
        workspace = Workspace.open(Settings(home=Path(scratch) / "home"), run_jobs=False)
        try:
            kb_id = workspace.create("库").kb_id
            folder = workspace.mirror.link(kb_id, root)
            began = time.monotonic()
            plan = workspace.mirror.plan(folder)
            print(f"first listing of {len(plan.differences.added):,} files: {_since(began)}")
            take_in(workspace, kb_id, root, paths)
            began = time.monotonic()
            done = workspace.mirror.synchronise(workspace.mirror.folders(kb_id)[-1])
            assert done.plan.differences.is_empty, done.plan.differences
            print(f"looked at again, unchanged: {_since(began)}")
            began = time.monotonic()
            by_content(root)
            print(f"every file compared by its content ({_BYTES >> 10} KB each): {_since(began)}")
            for path in paths[: count // 100]:
                path.rename(path.with_name(f"新{path.name}"))
            began = time.monotonic()
            done = workspace.mirror.synchronise(workspace.mirror.folders(kb_id)[-1])
            assert len(done.plan.differences.renamed) == count // 100
            print(f"{count // 100} of them renamed: {_since(began)}")
        finally:
            workspace.close()


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"


if __name__ == "__main__":
    main()
