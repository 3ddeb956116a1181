"""Links the sentences of an answer to the passages that support them.

A sentence is supported by a passage that has most of its words and all of its numbers and names,
the words of the question counting as known, unless it says otherwise what passages say in the same
words: see `kb.answer.contradiction`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import combinations, pairwise

from kb.answer.claims import Claim, Kind, ReadText, read
from kb.answer.contradiction import says_otherwise
from kb.answer.sources import Pairs, Source, is_quoted, pairs, places
from kb.answer_types import Citation, Sentence
from kb.text.normalise import compact
from kb.text.splitter import split_lines

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""How near in meaning a sentence is to texts of another language, above 0 where it is near."""

# Share of a sentence's words that a passage and the question must have, and share of those that the
# question has not that the passage must have, where there are more than a few.
_KNOWN = 0.5
_NEW = 0.35
_FEW = 3
# Share of all its words that the passage itself must have, whatever the question has.
_OWN = 0.25
# Passages that support a sentence about as well as the best one are cited too, up to so many.
_ABOUT_AS_WELL = 0.05
_MOST_CITED = 2
# Of so many names, one may stand in another passage than the others.
_MANY_NAMES = 3
_NAMING: tuple[Kind, Kind] = ("name", "noun")
_SAY_NOTHING = frozenset(
    ("人们", "大家", "人", "人员", "人士", "情况", "方面", "地方", "时候", "时间", "原因", "内容")
)
_MARK_OF_LIST = re.compile(r"^(?:[-*•·#>]+|\(?\d{1,2}(?:[.、)）]|\s*[:：])(?!\d))\s*")
_RECKONED = re.compile(
    "[一总總]共|共[有计計]|合[计計]|[总總](?:[计計额額数數]|和)|加起[来來]|之和|相差|之差|差[额額]|[多少]了"
)


def ground(
    answer: str,
    citations: Sequence[Citation],
    question: str = "",
    similarity: Similarity | None = None,
) -> list[Sentence]:
    """Split an answer into sentences and find the passages that support each.

    What a passage says word for word is always supported by it. Of sentences in another language
    than the passages numbers and Latin names are compared, and the meaning if ``similarity`` is
    given.
    """
    sources = [
        Source(each.number, each.hit.text, each.hit.heading, each.hit.document)
        for each in citations
    ]
    asked = Source(0, question)
    sentences = []
    for line in split_lines(answer):
        text = line.strip()
        said = _MARK_OF_LIST.sub("", text)
        own = read(said)
        if own.units:
            found = _supporting(said, own, sources, asked, similarity)
            sentences.append(Sentence(text, bool(found), found))
    return sentences


def cited(sentences: Sequence[Sentence], citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Keep the citations that support a sentence; all of them where none does."""
    used = {number for sentence in sentences for number in sentence.citations}
    kept = tuple(citation for citation in citations if citation.number in used)
    return kept or tuple(citations)


def _supporting(
    text: str,
    own: ReadText,
    sources: Sequence[Source],
    asked: Source,
    similarity: Similarity | None,
) -> tuple[int, ...]:
    quoting = _quoting(compact(text), sources, own, asked)
    if quoting:
        return quoting
    supporting = [source for source in sources if _has_all(own, source, asked, sources)]
    if supporting:
        return () if says_otherwise(own, sources, asked) else _best(supporting, own, asked)
    foreign = [source for source in sources if _is_foreign(own, source.read)]
    return _translated(text, own, foreign, asked, similarity)


def _quoting(
    literal: str, sources: Sequence[Source], own: ReadText, asked: Source
) -> tuple[int, ...]:
    """The sources that say a text word for word, one alone or two that follow each other."""
    alone = [source for source in sources if is_quoted(literal, source.compact)]
    if alone:
        return _best(alone, own, asked)
    for one, other in pairwise(sources):
        if is_quoted(literal, one.compact + other.compact):
            return (one.number, other.number)
    return ()


def _is_foreign(own: ReadText, other: ReadText) -> bool:
    return own.is_chinese is not None and own.is_chinese is not other.is_chinese


def _best(sources: Sequence[Source], own: ReadText, asked: Source) -> tuple[int, ...]:
    """The numbers of the sources with most of the sentence and the question."""
    wanted = pairs(own.units) | asked.pairs
    shares = {source.number: len(wanted & source.pairs) / len(wanted) for source in sources}
    best = max(shares.values(), default=0.0)
    near = [number for number, share in shares.items() if share >= best - _ABOUT_AS_WELL]
    return tuple(sorted(sorted(near, key=lambda number: -shares[number])[:_MOST_CITED]))


def _has_all(own: ReadText, source: Source, asked: Source, sources: Sequence[Source]) -> bool:
    """Whether a source has the numbers and names of a sentence, and most of its words."""
    lacking = [
        claim
        for claim in own.of("number")
        if not asked.has_number(claim) and not source.has_number(claim)
    ]
    if not all(_is_reckoned(claim, own, source, asked) for claim in lacking):
        return False
    # What tells of a sum has few words of its parts.
    return (bool(lacking) or _has_words(own, source, asked)) and _has_names(
        own, source, asked, sources
    )


def _has_words(own: ReadText, source: Source, asked: Source) -> bool:
    said = pairs(own.units)
    # What a question says in one language says nothing about a source in another.
    known: Pairs = frozenset() if _is_foreign(own, source.read) else asked.pairs
    if len(said & (known | source.pairs)) < _KNOWN * len(said):
        return False
    if len(said & source.pairs) < _OWN * len(said):
        return False
    new = _unknown_runs(own.units, known)
    if sum(map(len, new)) <= _FEW:
        return True
    parts = [part for run in new for part in pairs(run)]
    # Numbers are looked at by themselves.
    has = sum(
        part in source.pairs or source.holds(part) or any(unit[0] == "#" for unit in part)
        for part in parts
    )
    return has >= _NEW * len(parts)


def _has_names(own: ReadText, source: Source, asked: Source, sources: Sequence[Source]) -> bool:
    names, nouns = (
        {
            name
            for claim in own.of(kind)
            if not places(name := own.units[claim.first : claim.last], asked.read.units)
        }
        for kind in _NAMING
    )
    # 高度 answers 多高, and 人们 says nothing that a source could lack.
    telling = {
        noun
        for noun in nouns
        if "".join(noun) not in _SAY_NOTHING and not set(noun) & set(asked.read.units)
    }
    if telling and not any(map(source.names, telling | names)):
        return False
    missing = [name for name in names if not source.names(name)]
    return not missing or (
        len(missing) == 1
        and len(names) >= _MANY_NAMES
        and any(other.names(missing[0]) for other in sources)
    )


def _unknown_runs(units: Sequence[str], known: Pairs) -> list[list[str]]:
    """The runs of units that are in no known pair of neighbours."""
    runs: list[list[str]] = [[]]
    for place, unit in enumerate(units):
        around = (tuple(units[place - 1 : place + 1]), tuple(units[place : place + 2]))
        if any(pair in known for pair in around):
            runs.append([])
        else:
            runs[-1].append(unit)
    return [run for run in runs if run]


def _is_reckoned(claim: Claim, own: ReadText, source: Source, asked: Source) -> bool:
    """Whether a number is the sum or the difference of numbers that a source gives."""
    if not _RECKONED.search("".join(own.units) + asked.text):
        return False
    values = [Decimal(each.value) for each in source.read.of("number") if each.unit == claim.unit]
    wanted = Decimal(claim.value)
    return (len(values) > 1 and sum(values) == wanted) or any(
        wanted in (one + other, abs(one - other)) for one, other in combinations(values, 2)
    )


def _translated(
    text: str,
    own: ReadText,
    sources: Sequence[Source],
    asked: Source,
    similarity: Similarity | None,
) -> tuple[int, ...]:
    """Compare across languages what can be compared: values, and names in Latin letters."""
    able = [source for source in sources if _has_comparable(own, source, asked)]
    if not able:
        return ()
    if similarity is None:
        return _best(able, own, asked) if any(own.of("number")) else ()
    near = similarity(text, [source.text for source in able])
    nearest, share = max(zip(able, near, strict=True), key=lambda pair: pair[1])
    return (nearest.number,) if share > 0 else ()


def _has_comparable(own: ReadText, source: Source, asked: Source) -> bool:
    values = {claim.value for text in (source.read, asked.read) for claim in text.of("number")}
    if not all(claim.value in values for claim in own.of("number")):
        return False
    if not own.is_chinese:
        # What an English sentence calls Beijing, a Chinese passage does not.
        return True
    return all(
        claim.value in source.read.units or claim.value in asked.read.units
        for claim in own.of("name")
        if claim.value.isascii()
    )
