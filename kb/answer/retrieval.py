"""Finds the passages for a question: vectors and keywords, fused by rank, widened to windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.answer.fusion import reciprocal_rank_fusion
from kb.answer.gate import GateFeatures, answerable, gate_features
from kb.embedders.base import Embedder
from kb.indexes.base import KeywordIndex, VectorIndex
from kb.store.passages import FoundPassage, Passages
from kb.text.windows import Window, join, merge_places, trim_overlaps, widen
from kb.types import PASSAGE_LIMIT, Hit, Line

# How deep each retriever looks before fusion; deleted passages are dropped from these.
CANDIDATES = 60
# A neighbour has at least two characters in all but odd documents: enough lines for any window.
_NEIGHBOURS = 60


@dataclass(frozen=True, slots=True)
class Searchable:
    """A knowledge base as retrieval sees it."""

    kb_id: str
    embedder: Embedder
    vectors: VectorIndex
    keywords: KeywordIndex


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages for a question, best first, and how likely they answer it (0 to 1)."""

    question: str
    hits: tuple[Hit, ...]
    features: GateFeatures
    answerable: float


class Retriever:
    """Hybrid retrieval over one or several knowledge bases."""

    def __init__(self, passages: Passages) -> None:
        self._passages = passages

    def retrieve(self, bases: Sequence[Searchable], question: str, *, top_k: int) -> Retrieval:
        """Find the ``top_k`` best passages of all bases together.

        Raises:
            EmbeddingError: the question could not be embedded.
            VectorIndexError: an index failed.
        """
        by_vector, by_keyword = self._candidates(bases, question)
        found = self._passages.found([*by_vector, *by_keyword])
        # What was deleted since an index last caught up is unknown to the catalog.
        by_vector = {key: score for key, score in by_vector.items() if key in found}
        by_keyword = {key: score for key, score in by_keyword.items() if key in found}
        fused = reciprocal_rank_fusion({"vector": list(by_vector), "keyword": list(by_keyword)})
        best = fused[: max(top_k, 5)]
        features = gate_features(
            question,
            list(by_vector.values()),
            list(by_vector),
            list(by_keyword),
            [_searched_text(found[passage_id]) for passage_id, _score in best],
        )
        constants = bases[0].embedder.model.gate if bases else None
        hits = self._windows([(found[key], score) for key, score in fused[:top_k]])
        return Retrieval(
            question=question,
            hits=tuple(hits),
            features=features,
            # An embedder that was never fitted refuses nothing before the model has read.
            answerable=(answerable(features, constants) if constants else 1.0) if hits else 0.0,
        )

    def _candidates(
        self, bases: Sequence[Searchable], question: str
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Rank the passages of all bases by cosine and by BM25: {passage id: score}, best first."""
        by_vector: list[tuple[int, float]] = []
        by_keyword: list[tuple[int, float]] = []
        queries = {}
        for base in bases:
            name = base.embedder.model_id
            if name not in queries:
                queries[name] = base.embedder.embed_queries([question])[0]
            by_vector.extend(base.vectors.search(queries[name], CANDIDATES))
            by_keyword.extend(base.keywords.search(question, CANDIDATES))
        by_vector.sort(key=lambda entry: -entry[1])
        by_keyword.sort(key=lambda entry: -entry[1])
        return dict(by_vector[:CANDIDATES]), dict(by_keyword[:CANDIDATES])

    def _windows(self, ranked: Sequence[tuple[FoundPassage, float]]) -> list[Hit]:
        """Widen each hit by neighbouring lines of its document, no line shown twice."""
        surroundings: list[tuple[int, list[Line]]] = []
        windows: list[Window] = []
        for passage, _score in ranked:
            body = passage.passage
            first = max(0, body.first_line - _NEIGHBOURS)
            lines = self._passages.lines(passage.content_id, first, body.last_line + _NEIGHBOURS)
            low, high = body.first_line - first, body.last_line - first
            if len(body.text) >= PASSAGE_LIMIT or body.place.row is not None:
                # Full already, or a row of a sheet, whose neighbours are about something else.
                wide = (low, high)
            else:
                wide = widen(lines, low, high)
            surroundings.append((first, lines))
            windows.append(
                Window(
                    document_id=passage.content_id,
                    first=first + wide[0],
                    last=first + wide[1],
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


def _searched_text(found: FoundPassage) -> str:
    return f"{found.document}\n{found.passage.heading}\n{found.passage.text}"
