"""Tells the versions of a document from one another by their names, and prefers the later one.

差旅费管理办法（2021年）.docx and 差旅费管理办法（2023年修订）.docx say different things about the
same; 2021年年度报告.pdf and 2022年年度报告.pdf say the same about different years. Only documents
of the first kind are versions: what sets rules, or is marked as a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from kb.answer.duplicates import likeness, say_the_same
from kb.answer.language import Language
from kb.text.normalise import compact, normalise
from kb.text.numerals import parse_numeral
from kb.text.splitter import split_lines

_Kind = Literal["number", "date", "draft"]

_YEAR = r"(?:19|20)\d{2}"
_DATE = re.compile(
    rf"(?<!\d)({_YEAR})"
    r"(?:(?:[-._/年]\s*(\d{1,2})(?:[-._/月]\s*(\d{1,2})日?|月)?|(\d{2})(\d{2})(?!\d)|(\d{2})(?!\d))|年)?"
    r"(?!\d)"
)
_NUMBER = re.compile(
    r"(?<![a-z])(?:v|ver|version|rev|revision|版本|版次|修订号)[\s._-]*(\d+(?:\.\d+)*)"
    r"|第\s*([\d零一二三四五六七八九十百]+)\s*(?:次修[订正改]|版)"
)
_DRAFT = re.compile(r"征求意见稿|送审稿|讨论稿|初稿|草案|草稿|(?<![a-z])draft(?![a-z])")
_FINAL = re.compile(r"正式版|最终版|定稿|终稿|(?<![a-z])final(?![a-z])")
# Beside a date these say that it is the version's, not that of what the document is about.
_OF_VERSION = r"(?:版本?|修[订正改]版?|更新版?|施行|实施|发布|印发|生效|起执行|修订稿)"
_MARKED_AFTER = re.compile(rf"^\s*[）)\]】]?\s*{_OF_VERSION}")
_MARKED_BEFORE = re.compile(rf"{_OF_VERSION}\s*[于:：（(]?\s*$")
# What these name sets rules: there is one in force, and a date tells which.
_RULES = re.compile(
    r"(?:办法|规定|制度|条例|细则|规范|规程|规则|标准|手册|指南|指引|流程|守则|章程|须知|说明书|政策|法|"
    r"准则|通则|"
    r"manual|handbook|guide(?:lines?)?|polic(?:y|ies)|procedures?|specification|standards?|rules|"
    r"regulations?)$"
)
_LEFT = re.compile(rf"{_OF_VERSION}$|^{_OF_VERSION}")
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}$")
_BLANKS = re.compile(r"[\s（()）\[\]【】〔〕_\-.,，、]+")
# Who asks about the change wants to read both.
_ASKS_FOR_CHANGE = re.compile(
    r"旧版|老版|历次|历年|各版|不同版本|以前的|原来的|之前的|修订前|修改前|变化|变动|区别|差异|不同|"
    r"对比|比较|改了|调整了|previous|former|earlier|changed?|differ|compare"
)
_LEAST_TITLE = 2
# Of the shorter of two passages of two versions, the share of its character pairs in the other one.
_SPEAKS_OF_THE_SAME = 0.4
# The same of two lines.
_SAME_LINE = 0.5


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of what a document is, as its name says.

    ``key`` is the name without the version; ``rank`` orders versions of one ``kind``; ``label`` is
    the version as the name has it, and ``said`` what in a question would mean just this one.
    """

    key: str
    kind: _Kind
    rank: tuple[int, ...]
    title: str
    label: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What preferring needs to know of a passage."""

    document: str
    text: str


@dataclass(frozen=True, slots=True)
class Preferred:
    """The version that counts in place of another one, and the passage of it that does.

    ``to_tell`` says that the two differ and that nobody asked for this one: the reader must know.
    """

    passage_id: int
    document: str
    version: Version
    to_tell: bool


@lru_cache(maxsize=65_536)
def version_of(document: str) -> Version | None:
    """Read a document's name (a path within its knowledge base); None where it tells no version."""
    *folders, _name = normalise(document).split("/")
    stem = _stem(document)
    found = _in_name(stem)
    if found is None and folders and _RULES.search(_bare(stem)):
        # 2023/差旅费管理办法.docx: the folder is the version, and nothing else.
        above = _in_name(folders[-1] + "制度")
        if above is not None and above.key == "制度":
            bare = _bare(stem)
            return Version(
                "/".join((*folders[:-1], bare)),
                above.kind,
                above.rank,
                bare,
                folders[-1],
                above.said,
            )
    return found


def _stem(document: str) -> str:
    name = normalise(document).rsplit("/", 1)[-1]
    # 员工手册v2.1 has no suffix, 员工手册v2.1.pdf has one.
    return _SUFFIX.sub("", name)


def _in_name(stem: str) -> Version | None:
    number = _NUMBER.search(stem)
    if number is not None:
        rank = _numbers(number)
        if rank is not None:
            # V2 is said as 第2版 too, but not as a bare 2.
            return _version(stem, number.span(), "number", rank, (compact(number[0]),))
    dates = list(_DATE.finditer(stem))
    for date in reversed(dates):
        title = _bare(stem[: date.start()] + stem[date.end() :])
        marked = _MARKED_AFTER.search(stem[date.end() :]) or _MARKED_BEFORE.search(
            stem[: date.start()]
        )
        # 武汉2022年电价表 is about that year; 差旅费管理办法（2022） is of it.
        at_edge = not _bare(stem[: date.start()]) or not _bare(stem[date.end() :])
        if marked or (at_edge and _RULES.search(title) and len(dates) == 1):
            rank = tuple(int(part) for part in date.groups() if part)
            return _version(stem, date.span(), "date", rank, (date[1],))
    draft = _DRAFT.search(stem) or _FINAL.search(stem)
    if draft is not None:
        return _version(
            stem, draft.span(), "draft", (0 if _DRAFT.search(stem) else 1,), (draft[0],)
        )
    return None


def _numbers(found: re.Match[str]) -> tuple[int, ...] | None:
    if found[1]:
        return tuple(int(part[:9]) for part in found[1].split("."))
    value = parse_numeral(found[2])
    return None if value is None else (value,)


def _version(
    stem: str, span: tuple[int, int], kind: _Kind, rank: tuple[int, ...], said: tuple[str, ...]
) -> Version | None:
    before, after = stem[: span[0]], stem[span[1] :]
    title = _bare(before + " " + after)
    if len(title) < _LEAST_TITLE:
        return None
    mark = _MARKED_AFTER.match(after)
    label = stem[span[0] : span[1]] + (mark[0] if mark else "")
    return Version(title, kind, rank, title, label.strip(" ()（）[]【】_-."), said)


def _bare(text: str) -> str:
    """A name without blanks, brackets and the words that only say "version"."""
    bare = _BLANKS.sub("", text)
    while (shorter := _LEFT.sub("", bare)) != bare:
        bare = shorter
    return bare


def superseded(
    question: str, ranked: Sequence[int], said: Mapping[int, Said]
) -> dict[int, Preferred]:
    """Find the passages in whose place one of another version counts: {passage id: that one}.

    Args:
        ranked: passage ids, best first.
        said: of each of them.

    The latest version counts, or the one that the question names; a question about the change
    means all of them. A passage of which that version has no counterpart is left alone.
    """
    replaced: dict[int, Preferred] = {}
    if _ASKS_FOR_CHANGE.search(normalise(question)):
        return replaced
    documents = dict.fromkeys(said[passage_id].document for passage_id in ranked)
    for family in _families(documents):
        order, is_named = _in_order(question, family.values())
        for passage_id in ranked:
            own = family.get(said[passage_id].document)
            if own is None or own.rank == order[0] or (is_named and own.rank in order):
                continue
            found = _counterpart(passage_id, own, order, family, ranked, said)
            if found is not None:
                replaced[passage_id] = replace(found, to_tell=found.to_tell and not is_named)
    return replaced


def not_in_force(question: str, documents: Iterable[str]) -> set[str]:
    """Name the documents of which another version, among them, counts."""
    if _ASKS_FOR_CHANGE.search(normalise(question)):
        return set()
    left_out: set[str] = set()
    for family in _families(documents):
        order, _is_named = _in_order(question, family.values())
        left_out |= {name for name, version in family.items() if version.rank != order[0]}
    return left_out


def _families(documents: Iterable[str]) -> list[dict[str, Version]]:
    """Group documents that are versions of one another: {document: its version}."""
    families: dict[tuple[str, _Kind], dict[str, Version]] = {}
    unmarked: dict[str, str] = {}
    for document in documents:
        version = version_of(document)
        if version is not None:
            families.setdefault((version.key, version.kind), {})[document] = version
        else:
            unmarked.setdefault(_bare(_stem(document)), document)
    for (key, kind), family in families.items():
        # What is a draft no more says so nowhere.
        if kind == "draft" and key in unmarked:
            document = unmarked[key]
            family[document] = Version(key, kind, (1,), key, _stem(document), ())
    return [
        family
        for family in families.values()
        if len({version.rank for version in family.values()}) > 1
    ]


def _in_order(question: str, versions: Iterable[Version]) -> tuple[list[tuple[int, ...]], bool]:
    """The ranks that count, first that before all others, and whether the question names one."""
    every = list(versions)
    asked = compact(normalise(question))
    named = {each.rank for each in every if any(word in asked for word in each.said)}
    ranks = named if len(named) == 1 else {each.rank for each in every}
    return sorted(ranks, reverse=True), len(named) == 1


def _counterpart(
    passage_id: int,
    own: Version,
    order: Iterable[tuple[int, ...]],
    family: Mapping[str, Version],
    ranked: Sequence[int],
    said: Mapping[int, Said],
) -> Preferred | None:
    """Find the passage that says it in the first of the versions that speaks of it."""
    mine = said[passage_id]
    for rank in order:
        if rank == own.rank:
            return None
        alike = [
            (likeness(mine.text, said[other].text), other)
            for other in ranked
            if (version := family.get(said[other].document)) is not None and version.rank == rank
        ]
        share, other = max(alike, default=(0.0, 0))
        if share >= _SPEAKS_OF_THE_SAME:
            theirs = said[other]
            return Preferred(
                other, theirs.document, family[theirs.document], _differ(mine.text, theirs.text)
            )
    return None


def _differ(one: str, other: str) -> bool:
    """Whether a line of one is said otherwise in the other; passages may begin elsewhere."""
    others = split_lines(other)
    for line in split_lines(one):
        share, nearest = max(((likeness(line, each), each) for each in others), default=(0.0, ""))
        if share >= _SAME_LINE and not say_the_same(line, nearest):
            return True
    return False


def preferred_first(
    ranked: Sequence[tuple[int, float]], replaced: Mapping[int, Preferred]
) -> list[tuple[int, float]]:
    """Let the passage that counts stand where the better of the two stood, the other one behind.

    The scores keep their places, so that they still fall.
    """
    order = [passage_id for passage_id, _score in ranked]
    for other in [each for each in order if each in replaced]:
        first, second = order.index(other), order.index(replaced[other].passage_id)
        if first < second:
            order.insert(first, order.pop(second))
    return [(passage_id, score) for passage_id, (_id, score) in zip(order, ranked, strict=True)]


_NOTES: dict[Language, str] = {
    "zh": "（《{title}》有不同版本，内容不一致，这里以较新的“{label}”为准。）",
    "en": " (There are versions of “{title}” that differ; this follows the later one, “{label}”.)",
}


def note(version: Version, language: Language) -> str:
    """Say beside an answer which version it follows."""
    return _NOTES[language].format(title=version.title, label=version.label)
