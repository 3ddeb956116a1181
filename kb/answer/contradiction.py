"""Finds what a sentence says otherwise than its sources, by the words around it.

Where the words around a number, a name, one of two opposite words or a negation fit better around
another one in the sources than around the same one, the sentence says something else than they do.
The question is a source too: a statement says it of the same things, and as the question does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kb.answer.alignment import LONGEST_SLOT, Alignment
from kb.answer.claims import Claim, ReadText, opposite_words
from kb.answer.sources import Source, is_same_number, parts, places

Mask = NDArray[np.bool_]

# Something else stands in the place of a claim where the words around fit so well (0 to 1) …
_FITS = {"number": 0.4, "name": 0.55, "noun": 0.75, "opposite": 0.5, "negation": 0.55}
# … and so much better than around the same claim.
_BETTER = {"number": 0.25, "name": 0.35, "noun": 0.4, "opposite": 0.15, "negation": 0.15}
# Where all words around fit, less is enough: the same is said of something else.
_WHOLLY = 0.98
_BETTER_WHOLLY = 0.05
# A place is firm where the words on either side fit so well. Elsewhere a claim that stands not far
# from it, by units, is taken for said there, and the words around must fit better.
_FIRM = 0.5
_FAR = {"number": 12, "name": 40}
_FITS_LOOSE = {"number": 0.45, "name": 0.75}
# A name that the dictionary cut wrongly begins or ends so many units off.
_LOOSE_ENDS = 2
# A negation belongs to what is within so many units of it.
_NEGATED = 4
_NEGATION_FITS = 0.8
_IS_YES_OR_NO = re.compile(r"[吗嗎]|是否|能否|可否|[会會]否|有[没沒]有|有[无無]|(.)不\1|[还還]是")


def says_otherwise(own: ReadText, sources: Sequence[Source], asked: Source) -> bool:
    """Whether the words around something in a sentence stand around something else in a source."""
    if not _IS_YES_OR_NO.search(asked.text):
        # A statement says what was asked of the same things, and as the question does.
        sources = [*sources, asked]
    laid = [
        (source, Alignment(own.units, source.read.units)) for source in sources if source.read.units
    ]
    return any(_is_swapped(own, claim, laid, asked) for claim in own.claims) or any(
        _lacks_negation(place, laid) for place in _gaps(own, sources)
    )


def _is_swapped(
    own: ReadText, claim: Claim, laid: Sequence[tuple[Source, Alignment]], asked: Source
) -> bool:
    units = own.units[claim.first : claim.last]
    if claim.kind in ("name", "noun") and places(units, asked.read.units):
        # What is asked about stands at the head of what is said of it, often far from it.
        return False
    stands = False
    said = firm = loose = 0.0
    for source, alignment in laid:
        slots = alignment.fits(claim.first, claim.last)
        same, near, other = _slots(claim, units, source, slots.fits.shape, asked)
        stands = stands or bool(same.any())
        said = max(said, slots.fits[same].max(initial=0.0))
        firmly = other & (slots.weaker >= _FIRM)
        firm = max(firm, slots.fits[firmly].max(initial=0.0))
        loose = max(loose, slots.fits[other & ~near].max(initial=0.0))
    kind = claim.kind
    if kind in ("noun", "number") and not stands:
        # A noun that no passage has is another word for the same thing more often than not, and a
        # number was reckoned.
        return False
    if firm >= _WHOLLY and firm - said > _BETTER_WHOLLY:
        return True
    return (firm >= _FITS[kind] and firm - said > _BETTER[kind]) or (
        kind in _FITS_LOOSE and loose >= _FITS_LOOSE[kind] and loose - said > _BETTER[kind]
    )


def _slots(
    claim: Claim, units: Sequence[str], source: Source, shape: tuple[int, ...], asked: Source
) -> tuple[Mask, Mask, Mask]:
    """Which slots of a source hold the claim, are near it, and hold something else in its place."""
    same, touching, near, other = (np.zeros(shape, dtype=bool) for _ in range(4))
    if claim.kind == "number":
        for each in source.read.of("number"):
            if is_same_number(each, claim):
                same[each.first, 1] = True
                _mark(near, each.first, each.last, _FAR["number"])
            elif each.unit == claim.unit:
                other[each.first, 1] = True
    elif claim.kind == "opposite":
        for mask, words in ((same, (claim.value,)), (other, opposite_words(claim.value))):
            for word in words:
                for place in places(tuple(word), source.read.units):
                    mask[place, len(word)] = True
    elif claim.kind in ("name", "noun"):
        for part in parts(units):
            for place in places(part, source.read.units):
                _mark(touching, place, place + len(part), 2)
                _mark_within(same, place, place + len(part), _LOOSE_ENDS)
                _mark(near, place, place + len(part), _FAR["name"])
        if source is asked:
            # What is asked for stands there as a question word, and the answer in its place.
            for each in source.read.of(claim.kind):
                other[each.first, min(each.last - each.first, LONGEST_SLOT)] = True
            other &= ~touching
        else:
            other = ~touching
            other[:, 0] = False
    else:
        for each in source.read.of("negation"):
            _mark(same, each.first, each.last, _NEGATED)
        other = ~same
        other[:, 3:] = False
    return same, near, other


def _mark(slots: Mask, first: int, last: int, around: int) -> None:
    """Mark all slots that touch the units [first, last) or are as near as ``around``."""
    for length in range(LONGEST_SLOT + 1):
        slots[max(0, first - around - length) : last + around + 1, length] = True


def _mark_within(slots: Mask, first: int, last: int, around: int) -> None:
    """Mark the slots from about ``first`` to about ``last``."""
    for length in range(LONGEST_SLOT + 1):
        slots[max(0, first - around) : max(0, last + around - length + 1), length] = True


def _gaps(own: ReadText, sources: Sequence[Source]) -> set[int]:
    """Where in a sentence a negation is missing that the sources have between the same words."""
    found = set()
    for source in sources:
        negations = list(source.read.of("negation"))
        if not negations:
            continue
        alignment = Alignment(source.read.units, own.units)
        for negation in negations:
            slots = alignment.fits(negation.first, negation.last, reach=4)
            fits = slots.fits
            near = np.zeros(fits.shape, dtype=bool)
            for each in own.of("negation"):
                _mark(near, each.first, each.last, _NEGATED)
            fits[near] = 0
            if slots.at_start >= _NEGATION_FITS:
                found.add(0)
            place, length = np.unravel_index(fits[:, :2].argmax(), fits[:, :2].shape)
            if fits[place, length] >= _NEGATION_FITS:
                found.add(int(place))
    return found


def _lacks_negation(place: int, laid: Sequence[tuple[Source, Alignment]]) -> bool:
    """Whether what is said around a place of a sentence is said with a negation only."""
    negated = plain = 0.0
    for source, alignment in laid:
        fits = alignment.fits(place, place).fits[:, :3]
        near = np.zeros(fits.shape, dtype=bool)
        for each in source.read.of("negation"):
            near[max(0, each.first - 2) : each.last + 1, :] = True
        negated = max(negated, fits[near].max(initial=0.0))
        plain = max(plain, fits[~near].max(initial=0.0))
    return negated >= _FITS["negation"] and negated - plain > _BETTER["negation"]
