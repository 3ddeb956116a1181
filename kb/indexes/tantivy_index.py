"""The keyword index: BM25 by tantivy over the words that `kb.text.tokenise` finds."""

from __future__ import annotations

import json
import shutil
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from kb.errors import BackendError, BusyError, IndexDamagedError
from kb.indexes.base import KeywordEntry, KeywordIndex, Scored
from kb.selection import Selection
from kb.text.normalise import normalise
from kb.text.tokenise import content_tokens, tokens

VERSION = 2
"""Raised whenever `tokens` gives other words or a field changes: indexes are then built anew."""

_VERSION_FILE = "zhiku.json"
_HEAP_BYTES = 32_000_000  # filled as it is needed
_MOST_WORDS = 64
# A process that was killed may hold its lock for a moment yet.
_LOCK_SECONDS = 5.0
# Every file of tantivy ends with a JSON footer, the footer's length and this number.
_FOOTER_END = struct.Struct("<II")
_FOOTER_MAGIC = 1337

_Result = TypeVar("_Result")


class TantivyIndex(KeywordIndex):
    """BM25 over title, heading and body; made by `create` or `open`, never directly."""

    def __init__(
        self, folder: Path, index: Any, *, title_boost: float, heading_boost: float
    ) -> None:
        self._folder = folder
        self._index = index
        self._boosts = (("body", 1.0), ("heading", heading_boost), ("title", title_boost))
        self._writer: Any = None
        self._lock = threading.Lock()
        self._applied, self._count = self._guard(self._read_counters)

    @classmethod
    def create(cls, folder: Path, *, title_boost: float = 1.0, heading_boost: float = 1.0) -> Self:
        """Make an empty index in place of whatever the folder holds."""
        import tantivy

        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        index = tantivy.Index(_schema(), str(folder), reuse=False)
        (folder / _VERSION_FILE).write_text(json.dumps({"version": VERSION}), encoding="utf-8")
        index.config_reader("manual")
        return cls(folder, index, title_boost=title_boost, heading_boost=heading_boost)

    @classmethod
    def open(cls, folder: Path, *, title_boost: float = 1.0, heading_boost: float = 1.0) -> Self:
        """Open the index that the folder holds.

        Raises:
            IndexDamagedError: there is none, or it is truncated, damaged or of another version.
        """
        import tantivy

        try:
            version = json.loads((folder / _VERSION_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise _damaged(folder, str(exc)) from exc
        if version != {"version": VERSION}:
            raise _damaged(folder, f"it has version {version}, not {VERSION}")
        for path in _segment_files(folder):
            _footer(folder, path)

        def open_index() -> Any:
            index = tantivy.Index(_schema(), str(folder), reuse=True)
            index.config_reader("manual")
            index.reload()
            return index

        index = _guarded(folder, open_index)
        return cls(folder, index, title_boost=title_boost, heading_boost=heading_boost)

    @property
    def applied(self) -> int:
        return self._applied

    @property
    def count(self) -> int:
        return self._count

    def add(self, entries: Sequence[KeywordEntry]) -> None:
        import tantivy

        words = cache(lambda text: " ".join(tokens(text)))  # titles and headings repeat
        documents = []
        for entry in entries:
            document = tantivy.Document()
            document.add_unsigned("id", entry.passage_id)
            document.add_unsigned("content", entry.content_id)
            document.add_text("title", words(entry.title))
            document.add_text("heading", words(entry.heading))
            document.add_text("body", " ".join(tokens(entry.body)))
            documents.append(document)
        with self._lock:
            writer = self._open_writer()

            def write() -> None:
                for first, stop in _runs(sorted(entry.passage_id for entry in entries)):
                    self._delete_range(writer, first, stop)
                for document in documents:
                    writer.add_document(document)

            self._guard(write)

    def remove(self, first_id: int, count: int) -> None:
        if count > 0:
            with self._lock:
                writer = self._open_writer()
                self._guard(lambda: self._delete_range(writer, first_id, first_id + count))

    def commit(self, applied: int) -> None:
        """Write all changes and ``applied`` to disk in one step, and let searches see them."""
        import tantivy

        with self._lock:
            writer = self._open_writer()

            def write() -> None:
                # The number is kept as a document without words: so it and the changes it counts
                # reach the disk together or not at all.
                writer.delete_documents_by_query(tantivy.Query.exists_query("applied"))
                counter = tantivy.Document()
                counter.add_unsigned("applied", applied)
                writer.add_document(counter)
                writer.commit()
                self._index.reload()

            try:
                self._guard(write)
            except BackendError:
                self._writer = None  # it holds half a commit; the next one starts from the disk
                raise
            self._applied, self._count = self._guard(self._read_counters)

    def search(
        self,
        question: str,
        top_k: int,
        instead: Mapping[str, Sequence[str]] | None = None,
        among: Selection | None = None,
    ) -> list[Scored]:
        if among is not None and not len(among.contents):
            return []
        rest = normalise(question) if instead else question
        for phrase in instead or ():
            rest = rest.replace(phrase, " ")
        # In a text of another language the rarest words are the empty ones: "the" in Chinese.
        words = list(dict.fromkeys(content_tokens(rest) or ([] if instead else tokens(rest))))
        if not (words or instead) or top_k <= 0:
            return []
        return self._guard(lambda: self._find(words, top_k, instead or {}, among))

    def verify(self) -> None:
        for path in _segment_files(self._folder):
            length, crc = _footer(self._folder, path)
            actual = 0
            with path.open("rb") as file:
                while length:
                    block = file.read(min(length, 1 << 20))
                    if not block:
                        break
                    actual = zlib.crc32(block, actual)
                    length -= len(block)
            if actual != crc:
                raise _damaged(self._folder, f"{path.name} has changed")

    def close(self) -> None:
        with self._lock:
            if self._writer is not None:
                writer, self._writer = self._writer, None
                self._guard(writer.wait_merging_threads)

    def _find(
        self,
        words: list[str],
        top_k: int,
        instead: Mapping[str, Sequence[str]],
        among: Selection | None,
    ) -> list[Scored]:
        import tantivy

        searcher = self._index.searcher()
        if len(words) > _MOST_WORDS:  # a pasted page: its rarest words tell best what it is about
            words = sorted(words, key=lambda word: searcher.doc_freq("body", word) or 1 << 60)
            words = words[:_MOST_WORDS]
        clauses = [
            (tantivy.Occur.Should, self._term(field, word, boost))
            for word in words
            for field, boost in self._boosts
        ]
        for phrase, others in instead.items():
            asked = [
                (tantivy.Occur.Should, self._term(field, word, boost))
                for word in dict.fromkeys(tokens(phrase))
                for field, boost in self._boosts
            ]
            same = [
                # Of another name for a thing, a part says nothing: all of its words must be there.
                tantivy.Query.boolean_query(
                    [
                        (tantivy.Occur.Must, self._term(field, word, boost))
                        for word in dict.fromkeys(tokens(other))
                    ]
                )
                for other in others
                if tokens(other)
                for field, boost in self._boosts
            ]
            either = tantivy.Query.disjunction_max_query(
                [tantivy.Query.boolean_query(asked), *same]
            )
            clauses.append((tantivy.Occur.Should, either))
        query = tantivy.Query.boolean_query(clauses)
        if among is not None:
            selected = tantivy.Query.term_set_query(
                self._index.schema, "content", among.contents.tolist()
            )
            # It chooses and counts for nothing: scores are those without it.
            both = [query, tantivy.Query.const_score_query(selected, 0.0)]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, each) for each in both])
        result = searcher.search(query, top_k, count=False)
        ids = searcher.fast_field_values("id", [address for _, address in result.hits])
        found = [
            (int(passage_id), float(score))
            for passage_id, (score, _) in zip(ids, result.hits, strict=True)
        ]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

    def _term(self, field: str, word: str, boost: float) -> Any:
        import tantivy

        query = tantivy.Query.term_query(self._index.schema, field, word, "freq")
        return query if boost == 1.0 else tantivy.Query.boost_query(query, boost)

    def _read_counters(self) -> tuple[int, int]:
        import tantivy

        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.exists_query("applied"), 1, count=False).hits
        if not hits:
            return 0, int(searcher.num_docs)
        applied = searcher.fast_field_values("applied", [hits[0][1]])[0]
        return int(applied), int(searcher.num_docs) - 1

    def _delete_range(self, writer: Any, first: int, stop: int) -> None:
        import tantivy

        writer.delete_documents_by_query(
            tantivy.Query.range_query(
                self._index.schema, "id", tantivy.FieldType.Unsigned, first, stop - 1
            )
        )

    def _open_writer(self) -> Any:
        ends = time.monotonic() + _LOCK_SECONDS
        while self._writer is None:
            try:
                self._writer = self._index.writer(_HEAP_BYTES, 1)
            except ValueError as exc:
                if "LockBusy" not in str(exc):
                    raise _damaged(self._folder, str(exc)) from exc
                if time.monotonic() > ends:
                    raise BusyError(
                        f"another process writes the keyword index in {self._folder}",
                        path=str(self._folder),
                    ) from exc
                time.sleep(_LOCK_SECONDS / 100)
        return self._writer

    def _guard(self, action: Callable[[], _Result]) -> _Result:
        return _guarded(self._folder, action)


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("content", indexed=True)
    for field in ("title", "heading", "body"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("applied", indexed=True, fast=True)
    return builder.build()


def _runs(sorted_ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Group ids into runs [first, stop): those of a document stand in a row."""
    start = 0
    for index in range(1, len(sorted_ids) + 1):
        if index == len(sorted_ids) or sorted_ids[index] > sorted_ids[index - 1] + 1:
            yield sorted_ids[start], sorted_ids[index - 1] + 1
            start = index


def _segment_files(folder: Path) -> list[Path]:
    """List the files of the segments that the last commit names."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        segments = {str(segment["segment_id"]).replace("-", "") for segment in meta["segments"]}
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _damaged(folder, str(exc)) from exc
    return sorted(path for path in folder.iterdir() if path.name.split(".")[0] in segments)


def _footer(folder: Path, path: Path) -> tuple[int, int]:
    """Give the length and the checksum of what stands before a file's footer."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            file.seek(-_FOOTER_END.size, 2)
            length, magic = _FOOTER_END.unpack(file.read())
            body = size - _FOOTER_END.size - length
            if magic != _FOOTER_MAGIC or body < 0:
                raise _damaged(folder, f"{path.name} is truncated")
            file.seek(body)
            return body, int(json.loads(file.read(length))["crc"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _damaged(folder, f"{path.name}: {exc}") from exc


def _guarded(folder: Path, action: Callable[[], _Result]) -> _Result:
    """Run a call into tantivy; what only a damaged index causes becomes `IndexDamagedError`."""
    try:
        return action()
    except OSError as exc:
        raise BackendError(
            f"the keyword index in {folder} failed: {exc}", path=str(folder)
        ) from exc
    except ValueError as exc:
        if "No space left" in str(exc):
            raise BackendError(f"no space left for {folder}", path=str(folder)) from exc
        raise _damaged(folder, str(exc)) from exc
    except BaseException as exc:
        # A panic in tantivy's Rust code; its class derives from BaseException and has no import.
        if type(exc).__name__ != "PanicException":
            raise
        raise _damaged(folder, str(exc)) from exc


def _damaged(folder: Path, reason: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"the keyword index in {folder} cannot be used: {reason}",
        hint="it is rebuilt from the catalog",
        path=str(folder),
    )
