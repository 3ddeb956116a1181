"""Finds the passages that are ranked: by vector and by keyword, in all knowledge bases asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from kb.answer.merging import Near, merged
from kb.answer.synonyms import Alternatives, Groups
from kb.answer.together import Together
from kb.embedders.base import Embedder
from kb.indexes.base import KeywordIndex, Scored, VectorIndex
from kb.selection import Selection


@dataclass(frozen=True, slots=True)
class Searchable:
    """A knowledge base as retrieval sees it; where ``among`` is there, only those passages."""

    kb_id: str
    embedder: Embedder
    vectors: VectorIndex
    keywords: KeywordIndex
    synonyms: Groups = ()
    among: Selection | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the indexes found, best first: nearest by vector, and {passage id: score} by BM25."""

    nearest: Sequence[Near]
    by_keyword: Mapping[int, float]

    def passage_ids(self) -> list[int]:
        """All that was found, none twice."""
        return [*dict.fromkeys((*(each.passage_id for each in self.nearest), *self.by_keyword))]

    def first(self, depth: int) -> Candidates:
        """What a search less deep would have found."""
        by_keyword = dict(islice(self.by_keyword.items(), depth))
        return Candidates(self.nearest[:depth], by_keyword)


class CandidateFinder:
    """Asks the embedders and indexes; safe to use from several threads."""

    def __init__(self) -> None:
        self._together = Together()

    def close(self) -> None:
        """End the thread that helps."""
        self._together.close()

    def find(
        self,
        bases: Sequence[Searchable],
        meant: Sequence[str],
        words: str,
        same: Mapping[str, Sequence[Alternatives]],
        depth: int,
    ) -> Candidates:
        """Rank the passages of all bases by cosine, and by BM25.

        The cosine is that to the nearest of the texts ``meant``; ``words`` are what BM25 looks for.
        """
        embedders = {base.embedder.model_id: base.embedder for base in bases}

        def in_words(base: Searchable) -> list[Scored]:
            instead = {each.asked: each.others for each in same[base.kb_id]}
            return base.keywords.search(words, depth, instead, base.among)

        # The words need no vector: they are looked for while one is made.
        made, by_words = self._together.both(
            [partial(embedders[name].embed_queries, meant) for name in embedders],
            [partial(in_words, base) for base in bases],
        )
        queries = dict(zip(embedders, made, strict=True))
        asked = [(base, query) for base in bases for query in queries[base.embedder.model_id]]
        by_meaning = self._together.run(
            [partial(base.vectors.search, query, depth, base.among) for base, query in asked]
        )
        nearest: dict[int, Near] = {}
        for (base, _query), scored in zip(asked, by_meaning, strict=True):
            for passage_id, cosine in scored:
                if passage_id not in nearest or cosine > nearest[passage_id].cosine:
                    nearest[passage_id] = Near(passage_id, cosine, base.embedder.model)
        by_keyword = [entry for each in by_words for entry in each]
        by_keyword.sort(key=lambda entry: -entry[1])
        return Candidates(merged(list(nearest.values()))[:depth], dict(by_keyword[:depth]))
