"""Says before any token is generated how likely the passages are to hold the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.models.table import GateConstants
from kb.text.tokenise import content_tokens

# Passages whose words are counted as covering the question.
COVERING_PASSAGES = 5
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[^\W\d_]")
# Of a few letters, such as a model's number or a Chinese phrase, no language can be told.
_FEW_LETTERS = 5
# Shares of Chinese characters among the letters of texts that are not in Chinese, and that are.
_FEW_HAN, _MANY_HAN = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class GateFeatures:
    """What stage one looks at; every feature is about the question as a whole.

    ``similarity`` is the best cosine, ``margin`` how far it stands above the tenth best,
    ``coverage`` the share of the question's words in the best passages (0 to 1), ``agreement`` the
    share of each retriever's best five that the other also found (0 to 1). ``foreign`` tells that
    the question is in another language than the best passages, where only the cosine says anything,
    and is lower.
    """

    similarity: float
    margin: float
    coverage: float
    agreement: float
    foreign: bool = False


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
    covering = texts[:COVERING_PASSAGES]
    common = set(vector_ids[:5]) & set(keyword_ids[:5])
    return GateFeatures(
        similarity=similarities[0],
        margin=similarities[0] - similarities[min(9, len(similarities) - 1)],
        coverage=coverage(question, covering),
        agreement=len(common) / 5,
        foreign=_is_foreign(question, covering),
    )


def coverage(question: str, texts: Sequence[str]) -> float:
    """Share of the question's words that stand in the texts (0 to 1); a long word counts more."""
    words = set(content_tokens(question))
    if not words:
        return 0.0
    found = set()
    for text in texts:
        found |= words & set(content_tokens(text))
    return _length(found) / _length(words)


def _is_foreign(question: str, texts: Sequence[str]) -> bool:
    """Tell a question in other letters than the texts: English to Chinese, and the reverse."""
    if len(_LETTER.findall(question)) < _FEW_LETTERS:
        return False
    letters = "".join(_LETTER.findall("".join(texts)))
    share = len(_HAN.findall(letters)) / max(1, len(letters))
    return share < _FEW_HAN if _HAN.search(question) else share > _MANY_HAN


def answerable(features: GateFeatures, constants: GateConstants) -> float:
    """Calibrated probability (0 to 1) that the passages answer the question."""
    if features.foreign:
        return _sigmoid(constants.similarity * (features.similarity - constants.foreign))
    return _sigmoid(
        constants.intercept
        + constants.similarity * features.similarity
        + constants.margin * features.margin
        + constants.coverage * features.coverage
        + constants.agreement * features.agreement
    )


def _sigmoid(exponent: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, exponent))))


def _length(words: set[str]) -> int:
    # A long word says more than a short one.
    return sum(len(word) for word in words)
