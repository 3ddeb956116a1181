"""The measures of an exam: what counts as right, and figures with their 95 % intervals.

Shares carry the Wilson score interval (E. B. Wilson, JASA 22, 1927). It is used for the means of
values between 0 and 1 too: their variance is at most that of a share with the same mean, so the
interval is at least as wide as it must be.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from kb.exam.questions import ExamQuestion
from kb.text.normalise import compact, normalise

# Share of a long text's character pairs that another must hold to say the same.
MOST = 0.7
# From so many characters on, a gold answer may be told in other words.
LONG_GOLD = 8
# The longest answer to a question with a short gold answer, in characters; and in gold answers.
_LONGEST, _LONGEST_TIMES = 80, 3
# These gold answers are whole paragraphs: a passage of at most 250 characters holds a part of one.
_PARAGRAPHS = ("long", "article")
_Z = 1.959964
# Beside the answerer's own list: an examiner must not share the blind spots of who is examined.
_REFUSES = re.compile(
    "无法(?:回答|从(?:已知|提供|给出|上述|资料)|得出|得知)|不能回答"
    "|(?:没有|未)(?:明确|直接)?(?:提供|提及|提到)"
    "|cannot (?:be )?answer|can't answer|unable to answer|no (?:relevant )?information"
)
_REFUSAL = "无法回答该问题"
_WORD = re.compile(
    "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
    "|[^\\W_\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+"
)
_NUMBER = re.compile(r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?")
_PER_CENT = 0.01
_UNITS = {"%": _PER_CENT, "万": 1e4, "亿": 1e8}


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with its 95 % interval over ``count`` questions; None where there are none."""

    value: float | None
    low: float | None
    high: float | None
    count: int


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % Wilson score interval of a share over ``count`` trials (at least 1)."""
    square = _Z * _Z / count
    centre = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(0.0, centre - half), min(1.0, centre + half)


def figure(values: Iterable[float]) -> Figure:
    """Average values between 0 and 1; truth values give a share."""
    found = [float(value) for value in values]
    if not found:
        return Figure(None, None, None, 0)
    mean = sum(found) / len(found)
    return Figure(mean, *wilson(mean, len(found)), len(found))


def interval_text(measured: Figure) -> str:
    """Write a figure as ``0.800 [0.490, 0.943] n=10``."""
    if measured.value is None:
        return "–"
    return f"{measured.value:.3f} [{measured.low:.3f}, {measured.high:.3f}] n={measured.count}"


# Answers


def normalised(text: str) -> str:
    """Keep letters and digits: width, case, traditional and simplified, spaces do not count."""
    return "".join(char for char in normalise(text) if char.isalnum())


def pairs(text: str) -> set[str]:
    """The character pairs of a normalised text."""
    return {text[place : place + 2] for place in range(len(text) - 1)}


def says(text: str, gold: str) -> bool:
    """Whether a text contains a gold answer or, where that is long, most of its character pairs.

    A gold answer of punctuation alone is contained in nothing.
    """
    own, wanted = normalised(text), normalised(gold)
    if not wanted:
        return False
    if wanted in own:
        return True
    gold_pairs = pairs(wanted)
    return len(wanted) >= LONG_GOLD and len(gold_pairs & pairs(own)) >= MOST * len(gold_pairs)


def refuses(answer: str) -> bool:
    """Whether a text says that it cannot answer, whatever else it says."""
    return _REFUSAL in answer or bool(_REFUSES.search(answer.lower()))


def is_right(question: ExamQuestion, answer: str, *, refused: bool) -> bool | None:
    """Judge an answer; None where nothing is known that would tell.

    Right is a refusal where the documents have no answer. Else right is what is not refused, has at
    most max(80, 3 × gold) characters, and says a gold answer, or one of each group that it must
    include. Who both refuses and answers is wrong. Free answers, such as a lawyer's, are not judged
    by their characters.
    """
    if question.refuse:
        return refused
    groups = gold_groups(question)
    if not groups or question.answer_type == "long":
        return None
    if refused or len(normalised(answer)) > longest_answer(question):
        return False
    if _both(question, answer):
        return False
    return all(any(says(answer, gold) for gold in group) for group in groups)


def gold_groups(question: ExamQuestion) -> tuple[tuple[str, ...], ...]:
    """What an answer must say: one of each group."""
    given = question.must_include or ((question.answers,) if question.answers else ())
    return tuple(group for group in given if any(normalised(gold) for gold in group))


def longest_answer(question: ExamQuestion) -> int:
    """How many characters a right answer has at most."""
    together = sum(max(len(normalised(gold)) for gold in group) for group in gold_groups(question))
    longest = max((len(normalised(gold)) for gold in question.answers), default=0)
    return max(_LONGEST, _LONGEST_TIMES * max(together, longest))


def _both(question: ExamQuestion, answer: str) -> bool:
    # Where the gold answer itself says that something is not provided, saying so is the answer.
    return refuses(answer) and not any(refuses(gold) for gold in question.answers)


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """F1 of the common tokens with the best gold answer, as SQuAD does (Rajpurkar et al., 2016).

    Chinese counts by characters and Latin by words, as in MLQA (Lewis et al., 2020).
    """
    own = Counter(f1_tokens(answer))
    return max((_f1(own, Counter(f1_tokens(gold))) for gold in golds), default=0.0)


def f1_tokens(text: str) -> list[str]:
    """Cut a text into single Chinese characters and whole Latin words."""
    return _WORD.findall(normalise(text))


def _f1(own: Counter[str], gold: Counter[str]) -> float:
    common = (own & gold).total()
    return 2 * common / (own.total() + gold.total()) if common else 0.0


# Tables


def is_exact(question: ExamQuestion, answer: str, *, refused: bool) -> bool | None:
    """Whether an answer gives the cell itself; None for questions that no table answers.

    A number must equal one of the answer's, 12,300 being 12300.0 and 1.23万; other cells must stand
    in it. The length is limited as it is for `is_right`.
    """
    groups = gold_groups(question)
    if not question.is_table or not groups or question.refuse:
        return None
    if refused or len(normalised(answer)) > longest_answer(question) or _both(question, answer):
        return False
    return all(any(_holds_cell(answer, gold) for gold in group) for group in groups)


def _holds_cell(answer: str, gold: str) -> bool:
    folded = normalise(gold).replace(" ", "")
    match = _NUMBER.match(folded)
    if match is None or folded[match.end() :] not in ("", *_UNITS):
        wanted = compact(gold)
        return bool(wanted) and wanted in compact(answer)
    wanted_values = set(_values(folded))
    return any(
        math.isclose(own, value, rel_tol=1e-9)
        for own in _values(normalise(answer))
        for value in wanted_values
    )


def _values(text: str) -> Iterable[float]:
    """The numbers of a text, with and without the unit that follows."""
    for match in _NUMBER.finditer(text):
        value = float(match[0].replace(",", "").replace("−", "-"))
        yield value
        factor = _UNITS.get(text[match.end() :].lstrip()[:1])
        # 12% is the cell 0.12 and the cell 12; 1.23万 is the cell 12300.
        if factor is not None:
            yield value * factor


# Retrieval


def has_gold(question: ExamQuestion) -> bool:
    """Whether enough is known of a question to tell the right passages."""
    known = question.document or question.evidence or gold_groups(question)
    return not question.refuse and bool(known)


def is_gold(document: str, text: str, question: ExamQuestion) -> bool:
    """Whether a passage is of the right document and holds a gold answer; see `has_gold`.

    Of paragraphs, such as articles and free answers, most of the paragraph or of the passage is
    enough. Where only the document is known, any passage of it will do.
    """
    if question.document and not same_document(document, question.document):
        return False
    groups = gold_groups(question)
    if question.evidence and (question.answer_type in _PARAGRAPHS or not groups):
        if _overlap(text, question.evidence):
            return True
        if question.answer_type == "long" or not groups:
            return False
    return all(any(_contains(text, gold) for gold in group) for group in groups)


def same_document(found: str, wanted: str) -> bool:
    """Whether two paths name one document, either being the end of the other."""
    ours, theirs = PurePosixPath(found).parts, PurePosixPath(wanted).parts
    depth = min(len(ours), len(theirs))
    return depth > 0 and ours[-depth:] == theirs[-depth:]


def _contains(text: str, gold: str) -> bool:
    wanted = normalised(gold)
    return bool(wanted) and wanted in normalised(text)


def _overlap(text: str, paragraph: str) -> bool:
    shown, gold = pairs(normalised(text)), pairs(normalised(paragraph))
    return bool(shown and gold) and len(shown & gold) >= MOST * min(len(shown), len(gold))


def reciprocal_rank(rank: int) -> float:
    """1 / rank of the first right passage, 0 where none was found (Voorhees, TREC-8, 1999)."""
    return 1 / rank if rank else 0.0


def ndcg(rank: int) -> float:
    """Discounted gain of one relevant passage at ``rank`` (Järvelin and Kekäläinen, TOIS 2002).

    One right passage answers a question, so the ideal gain is 1; 0 where none was found.
    """
    return 1 / math.log2(1 + rank) if rank else 0.0
