"""Compare the two indexes with their alternatives on one machine in one run.

Keyword search: the product's tantivy index beside rank-bm25 and SQLite FTS5, over the same tokens.
Vector search: the product's FAISS index beside brute force in numpy, over random clustered vectors.

    python -m benchmarks.index_search --data FOLDER [--passages 20000] [--queries 50]

FOLDER holds .txt and .md files; their passages are repeated or cut to the number asked for.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from kb.indexes.base import KeywordEntry
from kb.indexes.faiss_index import FaissIndex
from kb.indexes.tantivy_index import TantivyIndex
from kb.text.normalise import clean
from kb.text.splitter import split_lines
from kb.text.tokenise import tokens
from kb.text.windows import build_passages
from kb.types import Line, Place

DIM = 384


def read_text(path: Path) -> str:
    """Decode as UTF-8, else as GB18030."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def read_passages(folder: Path, count: int) -> list[str]:
    """Give exactly ``count`` passages of the folder's texts, repeated with a number if too few."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".txt", ".md"} and len(found) < count:
            lines = [
                Line(text, Place(), glue="\n" if position == 0 else "")
                for paragraph in clean(read_text(path)).split("\n")
                for position, text in enumerate(split_lines(paragraph))
            ]
            found += [passage.text for passage in build_passages(lines)]
    if not found:
        raise SystemExit(f"no .txt or .md file with text in {folder}")
    return [
        found[n] if n < len(found) else f"{found[n % len(found)]} {n // len(found)}"
        for n in range(count)
    ]


def questions(passages: list[str], count: int) -> list[str]:
    """Cut pieces of about twenty characters out of passages, as stand-ins for questions."""
    rng = random.Random(0)  # noqa: S311 - repeatable, not secret
    chosen = rng.choices([text for text in passages if len(text) > 40], k=count)
    starts = [rng.randrange(len(text) - 20) for text in chosen]
    return [text[start : start + 20] for text, start in zip(chosen, starts, strict=True)]


def median_ms(search: Callable[[object], object], queries: Iterable[object]) -> float:
    """Time each query alone."""
    times = []
    for query in queries:
        start = time.perf_counter()
        search(query)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def compare_keyword(passages: list[str], asked: list[str], folder: Path) -> None:
    """Print build and search times of three keyword indexes."""
    start = time.perf_counter()
    index = TantivyIndex.create(folder / "keywords")
    index.add([KeywordEntry(n, 1, "", "", text) for n, text in enumerate(passages)])
    index.commit(1)
    built = time.perf_counter() - start
    tantivy_ms = median_ms(lambda question: index.search(str(question), 10), asked)
    start = time.perf_counter()
    index.add([KeywordEntry(len(passages), 1, "", "", "新加入的一段文字")])
    index.commit(2)
    one_more = 1000 * (time.perf_counter() - start)
    index.close()

    start = time.perf_counter()
    words = [tokens(text) for text in passages]
    tokenised = time.perf_counter() - start
    start = time.perf_counter()
    oracle = BM25Okapi(words)
    oracle_built = tokenised + time.perf_counter() - start

    def search_oracle(question: object) -> object:
        return np.argsort(oracle.get_scores(tokens(str(question))))[-10:]

    oracle_ms = median_ms(search_oracle, asked)

    start = time.perf_counter()
    database = sqlite3.connect(folder / "fts.db")
    database.execute("CREATE VIRTUAL TABLE entry USING fts5(body, tokenize = 'unicode61')")
    rows = (("".join(f"{word} " for word in passage),) for passage in words)
    database.executemany("INSERT INTO entry VALUES (?)", rows)
    database.commit()
    fts_built = tokenised + time.perf_counter() - start

    def search_fts(question: object) -> object:
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(tokens(str(question))))
        sql = "SELECT rowid FROM entry WHERE entry MATCH ? ORDER BY rank LIMIT 10"
        return database.execute(sql, (match,)).fetchall()

    fts_ms = median_ms(search_fts, asked)
    database.close()
    print(f"tokenising: {len(passages) / tokenised:,.0f} passages/s")
    print(f"{'keyword index':<20}{'build s':>10}{'search ms':>12}{'slower by':>12}")
    for name, seconds, ms in (
        ("tantivy", built, tantivy_ms),
        ("SQLite FTS5", fts_built, fts_ms),
        ("rank-bm25", oracle_built, oracle_ms),
    ):
        print(f"{name:<20}{seconds:>10.2f}{ms:>12.2f}{ms / tantivy_ms:>11.1f}x")
    print(f"one passage more, committed: {one_more:.1f} ms\n")


def compare_vectors(count: int, queries: int, folder: Path) -> None:
    """Print build and search times of the vector index and of numpy, and how far they agree."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((max(1, count // 100), DIM), dtype=np.float32)
    rows = centres[rng.integers(0, len(centres), count)]
    rows = rows + 0.7 * rng.standard_normal(rows.shape, dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    asked = rows[rng.integers(0, count, queries)]
    asked = asked + 0.03 * rng.standard_normal(asked.shape, dtype=np.float32)

    start = time.perf_counter()
    index = FaissIndex.create(folder / "vectors", dim=DIM, embedder="random")
    index.add(np.arange(count), rows)
    index.commit(1)
    index.compact()
    built = time.perf_counter() - start
    size = sum(path.stat().st_size for path in (folder / "vectors").iterdir())

    def brute_force(query: object) -> list[int]:
        scores = rows @ np.asarray(query)
        best = np.argpartition(scores, -10)[-10:]
        return [int(n) for n in best]

    agreed = [
        len({n for n, _ in index.search(query, 10)} & set(brute_force(query))) / 10
        for query in asked
    ]
    faiss_ms = median_ms(lambda query: index.search(np.asarray(query), 10), asked)
    numpy_ms = median_ms(brute_force, asked)
    index.remove(0, count // 10)
    removed_ms = median_ms(lambda query: index.search(np.asarray(query), 10), asked)
    start = time.perf_counter()
    index.add([count], asked[:1])
    one_more = 1000 * (time.perf_counter() - start)
    print(f"{count:,} vectors of {DIM}: built in {built:.2f} s, {size / 1e6:.0f} MB on disk")
    print(f"{'vector index':<28}{'search ms':>12}{'slower by':>12}")
    for name, ms in (
        ("faiss, mapped float16", faiss_ms),
        ("  a tenth removed", removed_ms),
        ("numpy, float32 in memory", numpy_ms),
    ):
        print(f"{name:<28}{ms:>12.2f}{ms / faiss_ms:>11.1f}x")
    print(f"same ten found: {statistics.mean(agreed):.3f}; one vector more: {one_more:.2f} ms")
    index.close()


def main() -> None:
    """Run both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with .txt and .md files")
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=50)
    arguments = parser.parse_args()
    passages = read_passages(arguments.data, arguments.passages)
    with tempfile.TemporaryDirectory() as folder:
        compare_keyword(passages, questions(passages, arguments.queries), Path(folder))
        compare_vectors(arguments.passages, arguments.queries, Path(folder))


if __name__ == "__main__":
    main()
