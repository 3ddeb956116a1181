"""Text cut into lines at Chinese and Latin punctuation; joined again, the lines are the text."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from kb.types import LINE_LIMIT

_FRAGMENT_LIMIT = 6

# What is one thing to its reader is never cut, unless it alone is longer than a line. All of these
# patterns look at each character a bounded number of times: a file without punctuation is no trap.

# Runs of scripts that part their words by spaces: words, numbers, dates, versions, addresses.
_SPACED = "!-~\u00a1-\u1fff\uac00-\ud7af"
_SPACED_RUN = re.compile(f"[{_SPACED}]++(?:’[{_SPACED}]++)*+")
_RUN_OPENING = ".,:;!?)]}"  # punctuation a run cannot begin with: it ends what stands before
_ATOM = re.compile(
    r"(?:https?|ftp|file)://[!-~]++"
    r"|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++"
    r"|[0-9]{1,3}+(?:,[0-9]{3})++(?:\.[0-9]++)?"
    r"|[A-Za-z0-9_\u00aa-\u024f]++(?:[.:/\-][A-Za-z0-9_\u00aa-\u024f]++)*+[%‰℃°]?"
    r"|[０-９]++(?:[．.：][０-９]++)*+％?"
)
_OF_DIGITS = "0-9０-９零〇○一二三四五六七八九十"
_COUNTED = re.compile(
    rf"第[{_OF_DIGITS}百千万.．]{{1,16}}+[条條章节節款项項编編](?:之[{_OF_DIGITS}]{{1,3}}+)?"
    rf"|[{_OF_DIGITS}]{{2,4}}+\s?年(?:\s?[{_OF_DIGITS}]{{1,3}}+\s?月(?:\s?[{_OF_DIGITS}]{{1,3}}+\s?[日号])?)?"
    rf"|[{_OF_DIGITS}]{{1,3}}+\s?月\s?[{_OF_DIGITS}]{{1,3}}+\s?[日号]"
    r"|[0-9]{1,2}：[0-9]{2}(?:：[0-9]{2})?"
    r"|[0-9][0-9.,]{0,30}+[%‰℃°％]"
)
_TITLE = re.compile(rf"《[^《》\n]{{1,{LINE_LIMIT - 2}}}+》")
# The end of a sentence inside a short quotation does not end the line.
_QUOTATION = re.compile(
    "|".join(rf"{a}[^{a}{b}\n]{{1,{LINE_LIMIT - 2}}}+{b}" for a, b in ("“”", "‘’", "「」", "『』"))
)

_CLOSING = "”’」』】》〉）〕］｝\"')\\]}"
_SENTENCE_END = re.compile(
    rf"(?:[。！？；…!?]++|\.++(?=[\s{_CLOSING}]|\Z))[{_CLOSING}]*+[^\S\n]*+\n*+|\n++"
)
_ABBREVIATION = re.compile(
    r"\b(?:[A-Za-z]|[Nn]o|[Vv]ol|[Ff]ig|[Ee]q|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|approx|e\.g|i\.e|et al)\Z"
)
_COMMA = re.compile(rf"[，、：；,:;]++[{_CLOSING}]*+[^\S\n]*+")
_SPACE = re.compile(r"(?<=\S)(?=\s)|(?<=\s)(?=\S)|(?<=—)(?!—)")

# "（1）", "12.", "一、", "(a)", "•": what numbers or marks the sentence after it.
_NUMBERING = re.compile(r"[\W\d_一二三四五六七八九十百]*+[A-Za-zⅠ-ⅿ]?[\W\d_]*+")

_JOINER = "\u200d"
# All but Latin, Chinese, kana and their punctuation: most texts hold none, and the search is cheap.
_PERHAPS_MODIFIER = re.compile(
    "[^\x00-\u02ff\u2010-\u2027\u3000-\u3029\u3030-\u3098\u309b-\u9fff\uac00-\ud7a3\uff01-\uffee]"
)
_MODIFIERS = frozenset(
    [_JOINER, *map(chr, range(0x1F3FB, 0x1F400)), *map(chr, range(0xE0020, 0xE0080))]
)


def split_lines(text: str) -> list[str]:
    r"""Cut a text into lines: each a sentence or part of one, at most 100 code points.

    ``"".join(split_lines(text)) == text`` always. Sentences end at line ends and after 。！？；…
    and their like, with closing quotation marks and brackets. Longer ones are cut after a comma,
    else at a space, else between words, else hard. Numbers, dates, versions, addresses, 第1.2条,
    Latin words and 《…》 of up to 100 are never cut. A number like （1） stays with what follows.
    """
    if len(text) <= 1:
        return [text] if text else []
    blocked = _blocked(text)
    lines: list[str] = []
    for start, end in _merge_fragments(text, _sentences(text, blocked)):
        if end - start <= LINE_LIMIT:
            lines.append(text[start:end])
        else:
            lines.extend(_cut_sentence(text, start, end, blocked))
    return lines


def _blocked(text: str) -> bytearray:
    """Mark each position at which the text must not be cut."""
    blocked = bytearray(len(text) + 1)
    for start, end in _indivisible(text):
        if 1 < end - start <= LINE_LIMIT:
            blocked[start + 1 : end] = b"\x01" * (end - start - 1)
    modifiers = "".join(filter(_is_modifier, set(_PERHAPS_MODIFIER.findall(text))))
    if modifiers:
        for match in re.finditer(f"[{re.escape(modifiers)}]", text):
            blocked[match.start()] = 1
            if match[0] == _JOINER:
                blocked[match.end()] = 1
    blocked[0] = blocked[len(text)] = 0
    return blocked


def _is_modifier(char: str) -> bool:
    return char > "\u02ff" and (char in _MODIFIERS or unicodedata.category(char)[0] == "M")


def _indivisible(text: str) -> Iterator[tuple[int, int]]:
    for match in _SPACED_RUN.finditer(text):
        start, end = match.span()
        while start < end and text[start] in _RUN_OPENING:
            start += 1
        if end - start <= LINE_LIMIT:
            yield start, end
        else:
            for atom in _ATOM.finditer(text, start, end):
                yield atom.span()
    for pattern in (_COUNTED, _TITLE):
        for match in pattern.finditer(text):
            yield match.span()


def _sentences(text: str, blocked: bytearray) -> Iterator[tuple[int, int]]:
    quoted = bytearray(len(text) + 1)
    for match in _QUOTATION.finditer(text):
        first, last = match.span()
        quoted[first + 1 : last] = b"\x01" * (last - first - 1)
    start = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        if blocked[end] or quoted[end] or end == len(text):
            continue
        bracket = text.find("》", match.start(), end)
        if bracket > 0 and blocked[bracket]:  # 《还好吗？》: the title asks, the sentence goes on
            continue
        dot = match.start()
        if text[dot] == "." and text[dot + 1 : dot + 2] == " ":
            head = text[max(start, dot - 8) : dot]
            if _ABBREVIATION.search(head):
                continue
        if end - start > LINE_LIMIT:
            # Where only blanks at its end make a sentence too long, they go to the next line.
            solid_end = start + len(text[start:end].rstrip())
            if solid_end - start <= LINE_LIMIT and not blocked[solid_end]:
                end = solid_end
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _is_fragment(sentence: str) -> bool:
    core = sentence.strip()
    return len(core) <= _FRAGMENT_LIMIT and _NUMBERING.fullmatch(core) is not None


def _merge_fragments(text: str, sentences: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start = end = 0
    pending = False
    for first, last in sentences:
        if pending:
            together = last - start
            if together > LINE_LIMIT and last - first <= LINE_LIMIT:
                yield start, end
                start = first
        else:
            start = first
        end = last
        pending = end - start <= LINE_LIMIT and _is_fragment(text[start:end])
        if not pending:
            yield start, end
    if pending:
        yield start, end


def _cut_sentence(text: str, start: int, end: int, blocked: bytearray) -> Iterator[str]:
    commas = _free_ends(_COMMA, text, (start, end), blocked)
    spaces = _free_ends(_SPACE, text, (start, end), blocked)
    solid_end = start + len(text[start:end].rstrip())
    while end - start > LINE_LIMIT:
        furthest = start + LINE_LIMIT
        if furthest >= solid_end and not blocked[furthest]:
            cut = furthest  # only blanks are too many: they begin what follows
        else:
            cut = (
                _last_within(commas, start, furthest)
                or _last_within(spaces, start, furthest)
                or _hard_cut(text, start, furthest, blocked)
            )
        yield text[start:cut]
        start = cut
    if start < end:
        yield text[start:end]


def _free_ends(
    pattern: re.Pattern[str], text: str, span: tuple[int, int], blocked: bytearray
) -> list[int]:
    return [m.end() for m in pattern.finditer(text, *span) if not blocked[m.end()]]


def _last_within(positions: list[int], start: int, furthest: int) -> int:
    """Give the last position in (start, furthest], 0 if there is none."""
    index = bisect_right(positions, furthest)
    return positions[index - 1] if index and positions[index - 1] > start else 0


def _hard_cut(text: str, start: int, furthest: int, blocked: bytearray) -> int:
    for cut in range(furthest, start, -1):
        if not blocked[cut]:
            return cut
    for cut in range(
        furthest, start, -1
    ):  # one thing longer than a line: spare at least its characters
        if not _is_modifier(text[cut]):
            return cut
    return furthest
