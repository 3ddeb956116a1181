"""Says before any token is generated how likely the passages are to hold the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kb.models.table import GateConstants
from kb.text.tokenise import content_tokens

# Passages whose words are counted as covering the question.
COVERING_PASSAGES = 5


@dataclass(frozen=True, slots=True)
class GateFeatures:
    """What stage one looks at; every feature is about the question as a whole.

    ``similarity`` is the best cosine, ``margin`` how far it stands above the tenth best,
    ``coverage`` the share of the question's words in the best passages (0 to 1), ``agreement`` the
    share of each retriever's best five that the other also found (0 to 1).
    """

    similarity: float
    margin: float
    coverage: float
    agreement: float


def gate_features(
    question: str,
    similarities: Sequence[float],
    vector_ids: Sequence[int],
    keyword_ids: Sequence[int],
    texts: Sequence[str],
) -> GateFeatures:
    """Measure a retrieval.

    Args:
        question: the standalone question.
        similarities: cosines of the vector retriever, best first.
        vector_ids: passages of the vector retriever, best first.
        keyword_ids: passages of the keyword retriever, best first.
        texts: title, headings and text of the best passages after fusion.
    """
    if not similarities:
        return GateFeatures(0.0, 0.0, 0.0, 0.0)
    words = set(content_tokens(question))
    found = set()
    for text in texts[:COVERING_PASSAGES]:
        found |= words & set(content_tokens(text))
    common = set(vector_ids[:5]) & set(keyword_ids[:5])
    return GateFeatures(
        similarity=similarities[0],
        margin=similarities[0] - similarities[min(9, len(similarities) - 1)],
        coverage=_length(found) / _length(words) if words else 0.0,
        agreement=len(common) / 5,
    )


def answerable(features: GateFeatures, constants: GateConstants) -> float:
    """Calibrated probability (0 to 1) that the passages answer the question."""
    exponent = (
        constants.intercept
        + constants.similarity * features.similarity
        + constants.margin * features.margin
        + constants.coverage * features.coverage
        + constants.agreement * features.agreement
    )
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, exponent))))


def _length(words: set[str]) -> int:
    # A long word says more than a short one.
    return sum(len(word) for word in words)
