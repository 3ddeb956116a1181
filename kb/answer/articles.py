"""Looks up the articles of statutes that a question names: 《劳动合同法》第三十九条, 公司法第20条.

Which article that is, is a matter of its number and of the statute's name, not of likeness: to an
embedder one article 39 is like any other, and to BM25 the number is one word among many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kb.store.statutes import GroupPlace, Statutes
from kb.text.normalise import normalise
from kb.text.numerals import (
    ArticleReference,
    arabic_numerals,
    article_references,
    to_chinese,
    without_articles,
)
from kb.text.statute_names import (
    LEAST_NAME,
    document_name,
    name_forms,
    parent_headings,
    plain_name,
    short_name,
)
from kb.types import WHOLE, SearchFilter

_MOST_ARTICLES = 6
"""Articles that one question is given; who names more wants to compare, not to read them all."""

_SAME_NAME = 3
# Names that a title or a question may mean, looked into one after the other.
_MOST_NAMES = 40
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
    question: str, kb_ids: Sequence[str], statutes: Statutes, wanted: SearchFilter = WHOLE
) -> NamedArticles:
    """Find the articles that a question names in these knowledge bases."""
    references = article_references(question)
    if not references:
        return NamedArticles()
    found: dict[tuple[int, int], GroupPlace] = {}
    missing = []
    names: set[str] = set()
    for reference in references:
        search = _Search(reference, question, kb_ids, statutes, wanted)
        chosen, name = search.by_title() if reference.title else search.by_question()
        if name:
            names.add(name)
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
    ) and plain_name(reference.title) in plain_name(text)


def _labels(reference: ArticleReference) -> list[str]:
    """The ways in which a statute may number the article."""
    number, sub = to_chinese(reference.number), to_chinese(reference.sub)
    figures = dict.fromkeys((number, number.replace("零", "〇"), str(reference.number)))
    tails = (f"之{sub}", f"之{reference.sub}") if reference.sub else ("",)
    return [f"第{figure}{unit}{tail}" for figure in figures for unit in "条條" for tail in tails]


_Found = tuple[list[GroupPlace], str]
"""Places of an article, and the name of its statute as the question has it."""


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for one article in the statutes that a question may mean."""

    reference: ArticleReference
    question: str
    kb_ids: Sequence[str]
    statutes: Statutes
    wanted: SearchFilter

    def by_title(self) -> _Found:
        """Look in statutes of the title in 《》; in those of a name like it; in unmarked ones."""
        title, short = plain_name(self.reference.title), short_name(self.reference.title)
        if len(short) < LEAST_NAME:
            return [], ""
        chosen, name = self._best(title, self.statutes.named(short))
        if chosen:
            return chosen, name
        alike: dict[tuple[int, int], list[int]] = {}
        for known, content_id in self.statutes.alike(short):
            alike.setdefault(_rank(title, known), []).append(content_id)
        chosen, name = self._first_with_it(title, alike)
        return (chosen, name) if chosen else (self._places(self.statutes.with_line(short)), "")

    def by_question(self) -> _Found:
        """Look in statutes whose name stands in the question as plain words.

        Where it names none, an article that only one document has is meant.
        """
        asked = plain_name(self.question)
        named: dict[tuple[int, int], list[int]] = {}
        for known, content_id in self.statutes.standing_in(asked):
            named.setdefault((1, len(known)), []).append(content_id)
        chosen, name = self._first_with_it("", named)
        if chosen:
            return chosen, name
        only = self.statutes.only_one(self.kb_ids, _labels(self.reference), self.wanted)
        places = self._places([only]) if only is not None else []
        return (places if len(places) == 1 else []), ""

    def _first_with_it(self, title: str, ranked: Mapping[tuple[int, int], Sequence[int]]) -> _Found:
        """Look in the contents whose names fit best, then in the next ones."""
        for rank in sorted((rank for rank in ranked if rank[0]), reverse=True)[:_MOST_NAMES]:
            chosen, name = self._best(title, ranked[rank])
            if chosen:
                return chosen, name
        return [], ""

    def _best(self, title: str, content_ids: Sequence[int]) -> _Found:
        """Choose the places in the statute meant; a content may hold several."""
        asked = plain_name(self.question)

        @cache
        def rank_of(name: str) -> tuple[tuple[int, int], str]:
            if title:
                return _rank(title, name), name
            return (int(name in asked), len(name)), name

        ranked: list[tuple[tuple[int, int], str, GroupPlace]] = []
        for place in self._places(content_ids):
            rank, name = max(map(rank_of, _names_of(place)), default=((0, 0), ""))
            if rank[0]:
                ranked.append((rank, name, place))
        if not ranked:
            return [], ""
        best, name, _place = max(ranked, key=lambda entry: entry[0])
        return [place for rank, _name, place in ranked if rank == best], name

    def _places(self, content_ids: Sequence[int]) -> list[GroupPlace]:
        if not content_ids:
            return []
        labels = _labels(self.reference)
        return self.statutes.groups(self.kb_ids, labels, content_ids, self.wanted)


def _rank(title: str, name: str) -> tuple[int, int]:
    """Order names by how well they fit a title; of those alike the shortest has least besides."""
    return _likeness(title, name), -len(name)


def _likeness(wanted: str, known: str) -> int:
    """Tell how well a name fits the one that is wanted: 0 not at all, 3 in every character."""
    if wanted == known:
        return _SAME_NAME
    if min(len(wanted), len(known)) < LEAST_NAME:
        return 0
    if wanted in known or (known in wanted and 2 * len(known) >= len(wanted)):
        return 2
    # 民诉法 for 民事诉讼法: some of its characters, the first and the last among them.
    rest = iter(known)
    short = wanted[0] == known[0] and wanted[-1] == known[-1] and all(c in rest for c in wanted)
    return int(short)


def _names_of(place: GroupPlace) -> Iterable[str]:
    """The names of the statute that an article may stand in."""
    texts = (document_name(place.document), place.title, *parent_headings(place.heading))
    for text in dict.fromkeys(texts):
        for name in name_forms(text):
            if len(name) >= LEAST_NAME:
                yield name


def _asks_for_text(
    question: str, references: Sequence[ArticleReference], names: Iterable[str]
) -> bool:
    rest = without_articles(question)
    for reference in references:
        if reference.title:
            rest = rest.replace(f"《{reference.title}》", "")
    rest = plain_name(rest)
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "")
    return not _ASKING.sub("", rest)
