"""Rate readings of a text as the writing of an alphabet or of Korean, by the words they yield.

A wrong reading yields letters as well, but rare ones, capitals inside words and signs inside words.
"""

from __future__ import annotations

import re

_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёъіїєґўћђљњџј"
_GREEK = "αοιετσνηυρπκμλωδγχθφβξζψςάέίόήύώϊϋΐΰ"
_HEBREW = "".join(map(chr, range(0x05D0, 0x05EB)))
_ARABIC = "".join(map(chr, range(0x0621, 0x064B)))
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžäôľâăöüőűđ"
_TURKISH = "ğışçöüâîûİ"
_DOS = "äöüßéèàçñêâîôûáíóúåæø"

ALPHABETS = {
    "cp1251": (_CYRILLIC, 0.8),
    "koi8-r": (_CYRILLIC, 0.8),
    "cp866": (_CYRILLIC, 0.8),
    "iso8859-5": (_CYRILLIC, 0.8),
    "cp1253": (_GREEK, 0.8),
    "iso8859-7": (_GREEK, 0.8),
    "cp1255": (_HEBREW, 0.8),
    "cp1256": (_ARABIC, 0.8),
    "cp1250": (_CENTRAL, 0.65),
    "iso8859-2": (_CENTRAL, 0.65),
    "cp1254": (_TURKISH, 0.65),
    "cp850": (_DOS, 0.6),
}
"""Encodings of one byte a character: the letters, the commonest first, and the best rating.

The rating of those that share letters with the Latin of the West is below the one of that."""

_COMMON_HANGUL = frozenset(
    "이다는의에을가고로하한지도은를자사어기서리인스아니대그시정으해나수일라일부전상보제주있었"
    "과와게들것요우원오여장만구성학공소신면동경화중민미국세조비연위모실관적선문안할교유분개년"
    "용음회계생등산때내치재방금월무각출행마러며되드물발결입거야심된없까습합했음및록예책건름"
)
# A double byte's first half never stands in an odd run, except before a trailing ASCII letter.
_RUN = re.compile(rb"[\x80-\xff]+")
_FEWEST_BYTES = 10
_FEWEST_RUNS = 3
_RUNS_TO_TELL = 6
_LONGEST_WORD = 40
_ODD_SHARE = 0.15
_WORD = re.compile(r"[^\W\d_]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[¡-©«-´¶¸-¿×÷„“”•†‡‰‹›™±˘˛¸ˇ˙˝](?=[^\W\d_])")
_SIGNS = frozenset("«»“”„‘’–—…№€°§·  ©®№•،؛؟־")
_COMMONEST = 24
_NOT_LATIN = 0.8
_CAPITALS = 0.4
_FEWEST_SYLLABLES = 6


def may_be_alphabet(data: bytes) -> bool:
    """Tell whether the bytes can be letters of one byte each: double bytes come in even runs."""
    runs = [len(run) for run in _RUN.findall(data)]
    if len(runs) < _FEWEST_RUNS or sum(runs) < _FEWEST_BYTES:
        return False
    return sum(length % 2 for length in runs) >= _ODD_SHARE * len(runs)


def is_double_bytes(data: bytes) -> bool:
    """Tell whether there are runs of bytes beyond ASCII enough or long ones, and all even."""
    runs = [len(run) for run in _RUN.findall(data)]
    enough = len(runs) >= _RUNS_TO_TELL or max(runs, default=0) > _LONGEST_WORD
    return enough and not any(length % 2 for length in runs)


def alphabet_share(text: str, name: str) -> float:
    """Rate from 0 to 1 how much a reading by one of `ALPHABETS` looks like words."""
    letters, best = ALPHABETS[name]
    rank = {letter: number for number, letter in enumerate(letters)}
    foreign = len(_FOREIGN.findall(text))
    good = 0.0
    lettered = 0
    for word in _WORD.findall(text):
        own = _FOREIGN.findall(word)
        lettered += len(own)
        # A single letter is as well a dot of a list or a currency sign in another encoding.
        if not own or (best >= _NOT_LATIN and (len(own) < len(word) or len(word) < 2)):
            continue
        if not (word[1:].islower() or word.isupper() or word.lower() == word.upper()):
            continue
        ranks = [rank.get(char if char in rank else char.lower()) for char in own]
        if None not in ranks:
            # Small letters of one Cyrillic encoding are the capitals of another.
            weight = _CAPITALS if word.isupper() and len(word) > 1 else 1.0
            good += weight * sum(
                1.0 if number < _COMMONEST else 0.6 for number in ranks if number is not None
            )
    signs = sum(char in _SIGNS for char in _FOREIGN.findall(text))
    strange = max(0, foreign - lettered - signs)
    return max(0.0, best * (good + 0.5 * signs - 2 * strange) / max(1, foreign))


def signs_in_words(text: str) -> int:
    """Count the signs between two letters, where only a wrong reading has them."""
    return len(_SIGN_IN_WORD.findall(text))


def hangul_share(foreign: list[str]) -> float:
    """Rate how much the characters beyond ASCII look like running Korean."""
    syllables = [char for char in foreign if "가" <= char <= "힣"]
    good = sum(1.0 if char in _COMMON_HANGUL else 0.15 for char in syllables)
    # The bytes of a few Chinese characters may well be common syllables.
    return good / max(1, len(foreign)) * (0.9 if len(syllables) >= _FEWEST_SYLLABLES else 0.3)
