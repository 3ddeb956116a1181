"""Looks up the articles of statutes that a question names: 《劳动合同法》第三十九条, 公司法第20条.

Which article that is, is a matter of its number and of the statute's name, not of likeness: to an
embedder one article 39 is like any other, and to BM25 the number is one word among many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from kb.store.passages import GroupPlace, Passages
from kb.text.normalise import compact, normalise
from kb.text.numerals import (
    ArticleReference,
    arabic_numerals,
    article_references,
    to_chinese,
    without_articles,
)
from kb.types import WHOLE, SearchFilter

_MOST_ARTICLES = 6
"""Articles that one question is given; who names more wants to compare, not to read them all."""

_SAME_NAME = 3
_STATE = "中华人民共和国"
_IN_BRACKETS = re.compile(r"[（(〔\[][^（()）〔〕\[\]]*[）)〕\]]")
_LEAST_NAME = 2
_TITLE_LINES = 6
# What is left of a question that asks what an article says, once its name is taken away.
_ASKING = re.compile(
    r"(?:请问|请|麻烦|帮|告诉|查询?|看|找|给|出|我|一下|讲|说|写|列|引用|关于|里面?|中|在|"
    r"的|地|得|了|着|是|有|为|和|与|及|以及|都|具体|详细|完整|主要|全部|"
    r"内容|原文|全文|条文|条款|法条|法律|规则|文字|表述|含义|意思|规定|约定|"
    r"什么|啥|哪些|怎么样?|怎样|如何|多少|吗|呢|呀|啊|"
    r"what|does|do|is|are|the|of|in|an?|say|says|state|stipulate|provide|content|contents|text|"
    r"full|article|please|tell|me|show)"
)


@dataclass(frozen=True, slots=True)
class NamedArticles:
    """What a question's references lead to.

    ``articles`` are the passages of each article found, in the order of the question. ``missing``
    are references that name a statute, of which no such article is here. ``asks_for_text`` tells
    that the question asks what the articles say, and nothing else.
    """

    articles: tuple[GroupPlace, ...] = ()
    missing: tuple[ArticleReference, ...] = ()
    asks_for_text: bool = False


def named_articles(
    question: str, kb_ids: Sequence[str], passages: Passages, wanted: SearchFilter = WHOLE
) -> NamedArticles:
    """Find the articles that a question names in these knowledge bases."""
    references = article_references(question)
    if not references:
        return NamedArticles()
    found: dict[tuple[int, int], GroupPlace] = {}
    missing = []
    names: set[str] = set()
    for reference in references:
        places = passages.groups(kb_ids, _labels(reference), wanted)
        chosen, name = _of_statute(reference.title, question, places)
        if name:
            names.add(name)
        if not chosen and reference.title:
            chosen = _with_title_in_text(reference.title, places, passages)
        if not chosen and reference.title:
            missing.append(reference)
        for place in chosen:
            found.setdefault((place.content_id, place.passage_ids[0]), place)
    return NamedArticles(
        tuple(found.values())[:_MOST_ARTICLES],
        tuple(missing),
        _asks_for_text(question, references, names),
    )


def mentions(text: str, reference: ArticleReference) -> bool:
    """Tell whether a text itself speaks of an article: its statute's name and its number."""
    return arabic_numerals(normalise(reference.label)) in arabic_numerals(
        normalise(text)
    ) and _name(reference.title) in _name(text)


def _labels(reference: ArticleReference) -> list[str]:
    """The ways in which a statute may number the article."""
    number, sub = to_chinese(reference.number), to_chinese(reference.sub)
    figures = dict.fromkeys((number, number.replace("零", "〇"), str(reference.number)))
    tails = (f"之{sub}", f"之{reference.sub}") if reference.sub else ("",)
    return [f"第{figure}{unit}{tail}" for figure in figures for unit in "条條" for tail in tails]


def _of_statute(
    title: str, question: str, places: Sequence[GroupPlace]
) -> tuple[list[GroupPlace], str]:
    """Choose the places in the statute meant, and tell its name as the question has it.

    Without a title in 《》 the name may stand in the question as plain words; where it names none,
    an article that only one document has is meant.
    """
    wanted, asked = _name(title), _name(question)

    @cache
    def rank_of(name: str) -> tuple[tuple[int, int], str]:
        # Of names that fit alike, the shortest has the least besides; of those in the question,
        # the longest says the most.
        if title:
            return (_likeness(wanted, name), -len(name)), name
        return (int(name in asked), len(name)), name

    ranked: list[tuple[tuple[int, int], str, GroupPlace]] = []
    for place in places:
        rank, name = max(map(rank_of, _names_of(place)), default=((0, 0), ""))
        if rank[0]:
            ranked.append((rank, name, place))
    if not ranked:
        return (list(places) if not title and len(places) == 1 else []), ""
    best, name, _place = max(ranked, key=lambda entry: entry[0])
    return [place for rank, _name, place in ranked if rank == best], name


def _with_title_in_text(
    title: str, places: Sequence[GroupPlace], passages: Passages
) -> list[GroupPlace]:
    """Choose the places in documents that begin with a title, though nothing marks it as one."""
    texts = passages.beginnings({place.content_id for place in places}, _TITLE_LINES)
    wanted = _name(title)
    return [
        place
        for place in places
        if any(wanted in _forms(line) for line in texts.get(place.content_id, "").split("\n"))
    ]


def _likeness(wanted: str, known: str) -> int:
    """Tell how well a name fits the one that is wanted: 0 not at all, 3 in every character."""
    if wanted == known:
        return _SAME_NAME
    if min(len(wanted), len(known)) < _LEAST_NAME:
        return 0
    if wanted in known or (known in wanted and 2 * len(known) >= len(wanted)):
        return 2
    # 民诉法 for 民事诉讼法: some of its characters, the first and the last among them.
    rest = iter(known)
    short = wanted[0] == known[0] and wanted[-1] == known[-1] and all(c in rest for c in wanted)
    return int(short)


def _names_of(place: GroupPlace) -> Iterable[str]:
    """The names of the statute that an article may stand in."""
    stem = place.document.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    for text in dict.fromkeys((stem, place.title, *place.heading.split(" > ")[:-1])):
        for name in _forms(text):
            if len(name) >= _LEAST_NAME:
                yield name


# A question about a first article meets the names of all statutes, and the next one again.
@lru_cache(maxsize=32_768)
def _forms(text: str) -> tuple[str, ...]:
    """A name, and the same without what its brackets add, such as the year of its version."""
    return tuple(dict.fromkeys((_name(text), _name(_IN_BRACKETS.sub("", text)))))


@lru_cache(maxsize=4096)
def _name(text: str) -> str:
    return compact(text).replace(_STATE, "")


def _asks_for_text(
    question: str, references: Sequence[ArticleReference], names: Iterable[str]
) -> bool:
    rest = without_articles(question)
    for reference in references:
        if reference.title:
            rest = rest.replace(f"《{reference.title}》", "")
    rest = _name(rest)
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "")
    return not _ASKING.sub("", rest)
