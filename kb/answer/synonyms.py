"""Words of a knowledge base that mean the same: one group on each line, "年假 = 带薪年休假"."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb.errors import SettingsError
from kb.text.normalise import normalise
from kb.text.tokenise import segments

MOST_GROUPS = 2_000
_LONGEST_WORD = 60
_PARTS = re.compile(r"\s*[=＝,，、;；\t|]\s*")

Groups = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """A word of a question and the other words of its group, all as `normalise` writes them."""

    asked: str
    others: tuple[str, ...]


def parse_groups(text: str) -> list[tuple[str, ...]]:
    """Read groups, one on a line; a line that begins with # is a remark.

    Raises:
        SettingsError: a line has one word only, a word is too long or stands in two groups; its
            params name the line.
    """
    groups: list[tuple[str, ...]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = {normalise(word): word.strip(' "') for word in _PARTS.split(line.strip())}
        words.pop("", None)
        if len(words) < 2:
            raise _wrong("synonym_alone", number, "".join(words.values()) or line.strip())
        for key, word in words.items():
            if len(word) > _LONGEST_WORD:
                raise _wrong("synonym_long", number, word)
            if key in seen:
                raise _wrong("synonym_twice", number, word, first=seen[key])
            seen[key] = number
        groups.append(tuple(words.values()))
        if len(groups) > MOST_GROUPS:
            raise _wrong("synonym_many", number, str(MOST_GROUPS))
    return groups


def text_of_rows(rows: Iterable[Sequence[str]]) -> str:
    """Write rows of cells as `parse_groups` reads them, row by row; a cell may hold several words.

    No row becomes a remark, whatever it begins with.
    """
    lines = (" = ".join(" ".join(cell.split()) for cell in row) for row in rows)
    return "\n".join(f"= {line}" if line.strip(" =") else "" for line in lines)


def groups_as_csv(groups: Groups) -> bytes:
    """Write groups as a CSV file that Excel opens: a group on each row, a word in each cell."""
    written = io.StringIO()
    csv.writer(written).writerows(groups)
    return written.getvalue().encode("utf-8-sig")


def groups_of_csv(content: bytes) -> list[tuple[str, ...]]:
    """Read groups from a CSV file in UTF-8, or in GB18030 as Chinese Excel may write it.

    Raises:
        SettingsError: the file is neither, or a line is wrong; see `parse_groups`.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _wrong("synonym_encoding", 1, "CSV")
    lines: list[Sequence[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            # A cell may go over several lines: what is wrong is named by the last of them.
            lines.extend([] for _ in range(reader.line_num - len(lines) - 1))
            lines.append(row)
    except csv.Error as exc:
        raise _wrong("synonym_csv", reader.line_num, str(exc)) from exc
    return parse_groups(text_of_rows(lines))


def alternatives(question: str, groups: Groups) -> list[Alternatives]:
    """The words of a question that belong to groups; of words that overlap, the longest.

    A word counts only where the question's own words begin and end: 年假 is none of 青年假期.
    """
    text = normalise(question)
    found = sorted(
        (
            (start, key, group)
            for group in groups
            for word in group
            if (key := _key(word)) in text
            for start in _places(text, key)
        ),
        key=lambda each: (-len(each[1]), each[0]),
    )
    if not found:
        return []
    edges = _edges(text)
    taken: list[range] = []
    chosen: dict[str, Alternatives] = {}
    for start, word, group in found:
        span = range(start, start + len(word))
        if span.start not in edges or span.stop not in edges:
            continue
        if any(span.start < other.stop and other.start < span.stop for other in taken):
            continue
        taken.append(span)
        others = tuple(key for each in group if (key := _key(each)) != word)
        chosen.setdefault(word, Alternatives(word, others))
    return list(chosen.values())


def with_words_asked(text: str, found: Sequence[Alternatives]) -> str:
    """Add to a passage the words that a question has in place of the passage's own."""
    if not found:
        return text
    folded = normalise(text)
    said = [each.asked for each in found if any(other in folded for other in each.others)]
    return "\n".join([text, *said])


@lru_cache(maxsize=20_000)
def _key(word: str) -> str:
    # Every question looks at every word, and folding one takes 4 microseconds.
    return normalise(word)


def _places(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _edges(text: str) -> set[int]:
    edges, position = {0}, 0
    for word in segments(text):
        position += len(word)
        edges.add(position)
    return edges


def _wrong(code: str, line: int, word: str, *, first: int = 0) -> SettingsError:
    error = SettingsError(
        f"synonyms, line {line}: {code}: {word}", line=line, word=word, first=first
    )
    error.code = code
    return error
