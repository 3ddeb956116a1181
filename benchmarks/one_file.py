"""Bytes written when one file joins a knowledge base, as the knowledge base grows.

    python -m benchmarks.one_file [--files 300 1000 3000] [--peer-python PYTHON]

The files are short texts made for it, two or three passages each. What is counted runs from the
file's arrival until it can be asked for, and apart from it until the program has ended in peace:
bytes handed to the system (``wchar`` of /proc/self/io, which counts what lies in its cache too) and
bytes of pages that are to reach the disk (``write_bytes``; 0 on a file system in memory). Linux
only.

Beside it the community FAISS store of LangChain, saved after one more text, with as many texts and
vectors of the same length in it. --peer-python names a Python that has ``langchain-community`` and
``faiss-cpu``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.settings import load_settings
from kb.workspace import Workspace

_NAME = "one file"
_DIM = 384
# Words of two characters each, from the first of the CJK block.
_FIRST, _CHARACTERS, _WORDS = 0x4E00, 400, 300
_SENTENCES = 24


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes since the process began: handed over, and of pages for the disk."""

    handed: int
    pages: int

    def since(self, earlier: Written) -> Written:
        """What was written after ``earlier``."""
        return Written(self.handed - earlier.handed, self.pages - earlier.pages)


def written() -> Written:
    """Read the counters of this process."""
    fields = dict(
        line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    )
    return Written(int(fields["wchar"]), int(fields["write_bytes"]))


def text(number: int) -> str:
    """The text of a file, always the same for a number; about 400 characters."""
    chance = random.Random(number)  # noqa: S311 - no secret
    sentences = [
        "".join(_word(chance.randrange(_WORDS)) for _ in range(8)) for _ in range(_SENTENCES)
    ]
    return f"{number:06} " + "\u3002".join(sentences) + "\u3002\n"


def _word(number: int) -> str:
    return "".join(chr(_FIRST + number * step % _CHARACTERS) for step in (7, 13))


def own(sizes: Sequence[int], folder: Path) -> list[dict[str, int]]:
    """Grow a knowledge base and measure one file more at each size."""
    settings = load_settings().model_copy(update={"home": folder / "home"})
    made, found = 0, []
    for size in sizes:
        paths = [_file(folder / "files", number) for number in range(made, size)]
        made = size + 1
        _take_in(settings.home, paths, create=not found)
        one = _file(folder / "files", size)
        workspace = Workspace.open(settings)
        try:
            base = workspace.knowledge_base(_NAME)
            # What the start itself writes is not the file's.
            workspace.engines.embedder(settings.embedder).embed_passages(["warm"])
            workspace.search([_NAME], _word(0))
            before, began = base.record.passage_count, written()
            done = workspace.queue.wait(base.add([one]).job_id)
            if done.counts.get("ready") != 1:
                raise SystemExit(f"{one.name} did not become ready: {dict(done.counts)}")
            joined = written().since(began)
            passages = base.record.passage_count - before
        finally:
            workspace.close()
        ended = written().since(began)
        found.append(
            {
                "files": size,
                "passages": before,
                "file bytes": one.stat().st_size,
                "file passages": passages,
                "written": joined.handed,
                "pages written": joined.pages,
                "written until closed": ended.handed,
                "pages written until closed": ended.pages,
            }
        )
    return found


def _take_in(home: Path, paths: Sequence[Path], *, create: bool) -> None:
    workspace = Workspace.open(load_settings().model_copy(update={"home": home}))
    try:
        if create:
            workspace.create(_NAME)
        done = workspace.queue.wait(workspace.knowledge_base(_NAME).add(paths).job_id)
        if done.counts.get("ready") != len(paths):
            raise SystemExit(f"of {len(paths)} files not all became ready: {dict(done.counts)}")
    finally:
        workspace.close()


def _file(folder: Path, number: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:06}.txt"
    path.write_text(text(number), encoding="utf-8")
    return path


def peer(counts: Sequence[int], folder: Path) -> list[dict[str, int]]:
    """Bytes that saving the community store writes with so many texts and one file's more."""
    warnings.simplefilter("ignore")
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    class NoModel(Embeddings):
        """Vectors are given, so none is made."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise NotImplementedError

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError

    chance = random.Random(0)  # noqa: S311 - no secret
    found = []
    for count in counts:
        pairs = [
            (text(number)[:250], [chance.gauss(0, 1) for _ in range(_DIM)])
            for number in range(count)
        ]
        store = FAISS.from_embeddings(
            pairs[:-1], NoModel(), [{"source": f"{number}.txt"} for number in range(count - 1)]
        )
        began = written()
        store.add_embeddings(pairs[-1:], [{"source": "one.txt"}])
        store.save_local(str(folder / "store"))
        done = written().since(began)
        found.append({"passages": count, "written": done.handed, "pages written": done.pages})
    return found


def _peer_apart(python: Path, counts: Sequence[int]) -> list[dict[str, int]]:
    command = [str(python), "-m", __spec__.name, "--peer", *map(str, counts)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    if done.returncode:
        raise SystemExit(
            f"{python} could not run the comparison: see above, and name a Python that has "
            "langchain-community and faiss-cpu with --peer-python"
        )
    found: list[dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure both and print them; the last line is the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, nargs="+", default=[300, 1000, 3000])
    parser.add_argument("--peer-python", type=Path, default=Path(sys.executable))
    parser.add_argument("--peer", type=int, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if options.peer:
            print(json.dumps(peer(options.peer, Path(temporary))))
            return
        if not os.access("/proc/self/io", os.R_OK):
            raise SystemExit("bytes written cannot be counted here: run it on Linux")
        ours = own(sorted(options.files), Path(temporary))
    others = _peer_apart(options.peer_python, [row["passages"] + 1 for row in ours])
    print(f"{'files':>7}{'passages':>10}{'zhiku kB':>10}{'to its end':>12}{'langchain kB':>14}")
    for row, other in zip(ours, others, strict=True):
        print(
            f"{row['files']:>7}{row['passages']:>10}{row['written'] / 1e3:>10.0f}"
            f"{row['written until closed'] / 1e3:>12.0f}{other['written'] / 1e3:>14.0f}"
        )
    print(
        json.dumps(
            {"own": ours, "peer": others, "growth": ours[-1]["written"] / ours[0]["written"]}
        )
    )


if __name__ == "__main__":
    main()
