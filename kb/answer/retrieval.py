"""Finds the passages for a question: vectors and keywords, fused by rank, widened to windows.

Articles that the question names stand before all others, each of them whole; the rows of
a table that answer it stand first. Statutes are searched in their own words too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from kb.answer.articles import NamedArticles, mentions, named_articles
from kb.answer.candidates import CandidateFinder, Candidates, Searchable
from kb.answer.duplicates import step_back
from kb.answer.fusion import reciprocal_rank_fusion
from kb.answer.gate import GateFeatures, answerable, coverage, gate_features
from kb.answer.identifiers import having_identifiers
from kb.answer.language import Language
from kb.answer.statute_words import Wording, is_article, statute_words
from kb.answer.synonyms import alternatives, with_words_asked
from kb.answer.tables.answers import FromTable, TableAnswers
from kb.answer.versions import Preferred, Said, not_in_force, preferred_first, superseded
from kb.answer_types import Hit
from kb.store.passages import FoundPassage, Passages
from kb.store.statutes import Statutes
from kb.text.windows import Window, join, merge_places, trim_overlaps, widen
from kb.types import PASSAGE_LIMIT, WHOLE, Line, SearchFilter

# How deep each retriever looks before fusion; deleted passages are dropped from these.
CANDIDATES = 60
# The same where statutes are searched: what people say ranks the article they need lower. On 99 lay
# questions written for this and 38 of other people: 66 in the first five with 200, 60 with 60.
_STATUTE_CANDIDATES = 200
# Of this many first passages half are articles where statutes are asked: for 118 of 132 of these
# questions, and for none of 50 on judgments in the same knowledge base.
_LOOKED_AT = 10
# Half of a search holds the interpreter's lock. More at once only wait for it, and lose their
# caches: 90 searches a second for 3 askers, 55 where all of 16 search at the same time.
_AT_ONCE = 3
# A window seldom takes in more neighbouring lines than the first number of them; one that does is
# made anew of the second, which is enough for any: a line has two characters in all but odd
# documents.
_NEIGHBOURS = (12, 60)
# A passage with the very number that is asked for stands before those that only speak of such.
_IDENTIFIER_WEIGHT = 2.0
# Passages whose tables are asked.
_LOOKED_THROUGH = 20
# What is less likely the answer is none.
_LIKELY = 0.5
# How likely an answer is where an article that the question names is here, and where it is not.
_ARTICLE_IS_HERE = 0.99
_ARTICLE_IS_MISSING = 0.01


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages for a question, best first, and how likely they answer it (0 to 1).

    ``from_table`` is the answer, where a table has it; the first hits show its rows.
    ``passages_answer`` is what the gate alone says, without articles and tables. ``preferred``
    tells of hits of other versions of a document which passage counts in their place.
    """

    question: str
    hits: tuple[Hit, ...]
    features: GateFeatures
    answerable: float
    articles: NamedArticles
    passages_answer: float
    from_table: FromTable | None
    preferred: Mapping[int, Preferred]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What statutes say of the things asked, and all that was found before they were asked."""

    bases: Sequence[Searchable]
    words: Sequence[str]
    found: Candidates
    wanted: SearchFilter


class Retriever:
    """Hybrid retrieval over one or several knowledge bases."""

    def __init__(
        self,
        passages: Passages,
        statutes: Statutes,
        tables: TableAnswers,
        wordings: Callable[[], Sequence[Wording]],
    ) -> None:
        self._passages = passages
        self._statutes = statutes
        self._tables = tables
        self._wordings = wordings
        self._finder = CandidateFinder()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def close(self) -> None:
        """End the thread that helps searching."""
        self._finder.close()

    def retrieve(
        self,
        bases: Sequence[Searchable],
        question: str,
        *,
        top_k: int,
        language: Language = "zh",
        wanted: SearchFilter = WHOLE,
    ) -> Retrieval:
        """Find the ``top_k`` best passages of all bases together.

        ``language`` is that of an answer out of a table; the cells in it stay as they are.
        ``wanted`` is what the bases were confined by, and names the documents that may be shown.

        Raises:
            EmbeddingError: the question could not be embedded.
            VectorIndexError: an index failed.
            PromptError: the table of what statutes say is wrong.
        """
        # An embedder that waits for another machine must not make the others wait.
        turn = nullcontext() if any(base.embedder.is_remote for base in bases) else self._turns
        with turn:
            return self._retrieve(bases, question, top_k, language, wanted)

    def _retrieve(
        self,
        bases: Sequence[Searchable],
        question: str,
        top_k: int,
        language: Language,
        wanted: SearchFilter,
    ) -> Retrieval:
        same = {base.kb_id: alternatives(question, base.synonyms) for base in bases}
        words = statute_words(question, self._wordings())
        deep = self._finder.find(
            bases, [question], question, same, _STATUTE_CANDIDATES if words else CANDIDATES
        )
        candidates = deep.first(CANDIDATES)
        found = self._passages.found(candidates.passage_ids(), wanted)
        # What was deleted since an index last caught up is unknown to the catalog.
        nearest = [near for near in candidates.nearest if near.passage_id in found]
        by_vector = [near.passage_id for near in nearest]
        by_keyword = {key: score for key, score in candidates.by_keyword.items() if key in found}
        # A passage that has another name for what was asked has what was asked.
        said = [each for found_words in same.values() for each in found_words]
        first = [with_words_asked(_searched_text(found[key]), said) for key in [*by_keyword][:1]]
        asked_for = having_identifiers(
            question,
            {key: (found[key].document_id, _searched_text(found[key])) for key in by_keyword},
        )
        fused = reciprocal_rank_fusion(
            {"vector": by_vector, "keyword": list(by_keyword), "identifier": asked_for},
            {
                # What has hardly a word of the question says little: it is in another language.
                "keyword": coverage(question, first) ** 2,
                "identifier": _IDENTIFIER_WEIGHT if asked_for else 0.0,
            },
        )
        best = fused[: max(top_k, 5)]
        features = gate_features(
            question,
            [near.cosine for near in nearest if near.model == nearest[0].model],
            by_vector,
            list(by_keyword),
            [with_words_asked(_searched_text(found[key]), said) for key, _score in best],
        )
        articles = _in_force(
            question,
            named_articles(question, [base.kb_id for base in bases], self._statutes, wanted),
        )
        named = [key for place in articles.articles for key in place.passage_ids]
        found.update(self._passages.found([key for key in named if key not in found], wanted))
        named = [key for key in named if key in found]
        if words and not named:
            fused = self._in_statute_words(_Asked(bases, words, deep, wanted), fused, found)
        # Whoever gives the number of one version does not ask for another.
        of_any = [key for key, _score in fused if key not in asked_for]
        preferred = superseded(question, of_any, {key: _said(found[key]) for key in of_any})
        fused = preferred_first(fused, preferred)
        rest = step_back(
            [entry for entry in fused if entry[0] not in named],
            {key: found[key].passage.text for key, _score in fused},
            max(top_k, _LOOKED_THROUGH) - len(named),
        )
        ranked = [(key, 1.0) for key in named] + rest
        constants = nearest[0].model.gate if nearest else None
        # An embedder that was never fitted refuses nothing before the model has read.
        share = passages_answer = (
            (answerable(features, constants) if constants else 1.0) if ranked else 0.0
        )
        answer = (
            None
            if named
            else self._tables.find(
                question, [entry for entry in ranked if entry[0] not in preferred], share, language
            )
        )
        if answer is not None and answer.in_sheet:
            share = answer.answerable
        if answer is not None and answer.answerable < _LIKELY:
            answer = None
        if answer is not None:
            ranked = _with_first(answer.passage_ids, ranked)
            found.update(self._passages.found(answer.passage_ids, wanted))
            # A row was removed in this moment.
            answer = answer if all(key in found for key in answer.passage_ids) else None
        shown = [
            (found[key], score) for key, score in ranked[: max(top_k, len(named))] if key in found
        ]
        hits = [
            replace(hit, later=preferred[hit.passage_id].document)
            if hit.passage_id in preferred
            else hit
            for hit in self._windows(shown, whole=len(named))
        ]
        if answer is not None:
            hits = [_pointing_at(answer, hit) for hit in hits]
        return Retrieval(
            question=question,
            hits=tuple(hits),
            features=features,
            answerable=_with_articles(share, articles, bool(named), hits),
            articles=articles,
            passages_answer=passages_answer,
            from_table=answer,
            preferred=preferred,
        )

    def article_texts(self, articles: NamedArticles) -> str:
        """The text of the articles, each a paragraph or more, without what stands around them."""
        return "\n".join(
            join([line for line in self._passages.lines_of(place.passage_ids) if line.group])
            for place in articles.articles
        )

    def _in_statute_words(
        self, asked: _Asked, fused: list[tuple[int, float]], found: dict[int, FoundPassage]
    ) -> list[tuple[int, float]]:
        """Rank anew with the articles that the words of statutes find, where statutes are asked.

        What it finds more is added to ``found``.
        """
        first = [found[key] for key, _score in fused[:_LOOKED_AT]]
        homes = {each.kb_id for each in first if is_article(each)}
        if 2 * sum(map(is_article, first)) < max(1, len(first)):
            return fused
        in_words = self._finder.find(
            [base for base in asked.bases if base.kb_id in homes],
            asked.words,
            " ".join(asked.words),
            dict.fromkeys(homes, ()),
            _STATUTE_CANDIDATES,
        )
        rankings = {
            "vector": [near.passage_id for near in asked.found.nearest],
            "keyword": list(asked.found.by_keyword),
            "statute vector": [near.passage_id for near in in_words.nearest],
            "statute keyword": list(in_words.by_keyword),
        }
        unknown = {key for ranking in rankings.values() for key in ranking} - found.keys()
        found.update(self._passages.found(list(unknown), asked.wanted))
        return reciprocal_rank_fusion(
            {
                name: [
                    key
                    for key in ranking
                    if key in found and (name in ("vector", "keyword") or is_article(found[key]))
                ]
                for name, ranking in rankings.items()
            }
        )

    def _windows(
        self, ranked: Sequence[tuple[FoundPassage, float]], *, whole: int = 0
    ) -> list[Hit]:
        """Widen each hit by neighbouring lines of its document, no line shown twice.

        The first ``whole`` of them say all that they should as they are.
        """
        surroundings: list[tuple[int, list[Line]]] = []
        windows: list[Window] = []
        for number, (passage, _score) in enumerate(ranked):
            body = passage.passage
            full = len(body.text) >= PASSAGE_LIMIT
            if full or number < whole or body.place.row is not None:
                # Full already, or a row of a sheet, whose neighbours are about something else.
                surroundings.append((body.first_line, []))
                wide = (body.first_line, body.last_line)
            else:
                first, lines, wide = self._widened(passage)
                surroundings.append((first, lines))
            windows.append(
                Window(
                    document_id=passage.content_id,
                    first=wide[0],
                    last=wide[1],
                    hit_first=body.first_line,
                    hit_last=body.last_line,
                )
            )
        hits = []
        for rank, (window, (first, lines), (passage, score)) in enumerate(
            zip(trim_overlaps(windows), surroundings, ranked, strict=True), start=1
        ):
            body = passage.passage
            place, text = body.place, body.text
            if (window.first, window.last) != (body.first_line, body.last_line):
                shown = lines[window.first - first : window.last - first + 1]
                text = join(shown)
                wider = merge_places([line.place for line in shown])
                # The place stays the hit's own; only its boxes on that page grow with the window.
                if wider.page == place.page:
                    place = replace(place, boxes=wider.boxes)
            hits.append(
                Hit(
                    rank=rank,
                    passage_id=passage.passage_id,
                    kb_id=passage.kb_id,
                    kb_name=passage.kb_name,
                    document_id=passage.document_id,
                    document=passage.document,
                    text=text,
                    passage_text=body.text,
                    heading=body.heading,
                    group=body.group,
                    place=place,
                    score=round(score, 4),
                )
            )
        return hits

    def _widened(self, found: FoundPassage) -> tuple[int, list[Line], tuple[int, int]]:
        """Where a passage's neighbourhood begins, its lines, and the window in the document."""
        body = found.passage
        for reach in _NEIGHBOURS:
            first, last = max(0, body.first_line - reach), body.last_line + reach
            lines = self._passages.lines(found.content_id, first, last)
            low, high = widen(lines, body.first_line - first, body.last_line - first)
            if (low or not first) and (high < len(lines) - 1 or len(lines) <= last - first):
                break
        return first, lines, (first + low, first + high)


def _with_first(
    passage_ids: Sequence[int], ranked: Sequence[tuple[int, float]]
) -> list[tuple[int, float]]:
    best = max((score for _key, score in ranked), default=1.0)
    others = [entry for entry in ranked if entry[0] not in passage_ids]
    return [*((key, best) for key in passage_ids), *others]


def _pointing_at(answer: FromTable, hit: Hit) -> Hit:
    """Point at the cell itself, where a row has a place in a sheet."""
    row = hit.place.row
    if row is None or hit.passage_id not in answer.passage_ids or row not in answer.columns:
        return hit
    return replace(hit, place=replace(hit.place, column=answer.columns[row]))


def _in_force(question: str, articles: NamedArticles) -> NamedArticles:
    """Leave out the articles of versions of a statute that do not count for this question."""
    left_out = not_in_force(question, [place.document for place in articles.articles])
    kept = tuple(place for place in articles.articles if place.document not in left_out)
    return replace(articles, articles=kept)


def _said(found: FoundPassage) -> Said:
    return Said(found.document, found.passage.text)


def _with_articles(
    share: float, articles: NamedArticles, any_here: bool, hits: Sequence[Hit]
) -> float:
    """Let the articles that a question names decide where they are, or are known not to be."""
    if any_here:
        return max(share, _ARTICLE_IS_HERE)
    if not articles.asks_for_text:
        # What a statute is named for may be answered by something else.
        return share
    shown = [f"{hit.document}\n{hit.heading}\n{hit.text}" for hit in hits]
    absent = [
        reference
        for reference in articles.missing
        if not any(mentions(text, reference) for text in shown)
    ]
    return min(share, _ARTICLE_IS_MISSING) if absent else share


def _searched_text(found: FoundPassage) -> str:
    return f"{found.document}\n{found.passage.heading}\n{found.passage.text}"
