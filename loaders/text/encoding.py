"""Find out how a text file is encoded, and read it.

The order is: byte order mark, strict UTF-8, then the candidate whose text looks most like text. A
fixed order of candidates is wrong: Big5 bytes decode under GB18030 without any error, into rare
characters.
"""

from __future__ import annotations

import codecs
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from loaders.text.alphabets import (
    ALPHABETS,
    alphabet_share,
    hangul_share,
    is_double_bytes,
    may_be_alphabet,
    signs_in_words,
)

SAMPLE_BYTES = 256 * 1024
_SCORED_BYTES = 32 * 1024
_CHUNK = 1024 * 1024
_MOST_BY_CHANCE = 16
_MIXED = "utf-8+"
"""Begins the name for files whose lines are partly UTF-8, partly the encoding that follows."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What files say of themselves is often the narrower name of what they are; browsers read it the
# same way (WHATWG Encoding Standard, section 4.2).
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "euc_kr": "cp949",
}
_SELDOM_CLAIMED = frozenset(
    (
        *ALPHABETS, "koi8-u", "iso8859-4", "iso8859-6", "iso8859-8", "iso8859-9", "iso8859-11",
        "iso8859-13", "cp874", "cp1257", "cp1258", "tis-620",
    )
)  # fmt: skip
"""What no file says of itself that is not so; Chinese often calls itself Latin."""

_CANDIDATES = (
    "gb18030",
    "big5hkscs",
    "utf-16-le",
    "utf-16-be",
    "shift_jis",
    "euc_jp",
    "cp949",
    "cp1252",
)

# The most frequent characters of running Chinese text; which of them a decoding yields tells a
# right one from a wrong one far better than whether it succeeds.
_COMMON_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后"
    "作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从"
    "想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文"
    "体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及"
    "比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必"
    "场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思"
    "王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运条款项"
    "按章节规定应当企业单位部门办法管理机构申请人民政府监督检查责任依照有关项目合同费用服务技术产品数据系统"
    "质量标准使用进行情况要求工作安全生产经济社会发展投资市场公司股份银行财务报告年度收入支出金额元号姓名"
)
_COMMON_TRADITIONAL = (
    "這們個為國說時會對學現當沒動進樣從實軍無與長機開關點業間問戰頭體見產東聲員論處義認條氣題爾變總電數"
    "報應後過還發經種麼裡著給話號區隊場計資統書則聽達強難權設記類據邊張該規萬領確傳師觀讓識帶導爭運"
    "於來將兩並專屬歷華語灣縣鐵歲幾農廣歐聯劃黨約組織網聞術選舉際環環島億車輛單標準質項請辦構監責費務"
    "買賣錢銀財勞動醫藥臺爲內衆備養顯親愛歡樂雖讀寫詞譯"
)
_COMMON_MARKS = "，。、；：？！“”‘’（）《》〈〉【】「」『』—…·　％＋－～０１２３４５６７８９"
_KANA = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC)))
_COMMON = frozenset(_COMMON_SIMPLIFIED + _COMMON_TRADITIONAL + _COMMON_MARKS)
_JAPANESE = frozenset(_KANA)
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÄÅÇÈÉÊÍÑÓÖØÚÜ€£©®°±²³µ–—‘’“”…•«»¿¡§")
_ALONE = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f](?![^\x00-\x7f])")
_MOST_ALONE = 0.6
_SURE = 0.6
_OTHER_WORDS = re.compile(r"[Ͱ-ώ]{2,}|[Ѐ-џ]{2,}|[א-ת]{2,}|[ء-ي]{2,}|[ก-๎]{2,}")
_JIS_ESCAPE = re.compile(rb"\x1b\$[@B]")
_ASCII_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\v\x1b\x1c\x1d\x1e")


def detect_encoding(data: bytes, hint: str | None = None) -> str | None:
    """Name the encoding of a sample, or None when no reading of it looks like text.

    ``hint`` is what the file says of itself (an HTML charset); it wins when it decodes cleanly.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if data.isascii() and _JIS_ESCAPE.search(data) and _is_jis(data):
        return "iso2022_jp"
    if _is_utf8(data) and not _looks_like_utf16(data):
        text = data.decode("utf-8", "ignore")
        if _is_utf8_by_chance(data, text):
            return "gb18030"
        if _plausible(text):
            return "utf-8"
    if hint is not None and (declared := _declared(data, hint)) is not None:
        return declared
    if len(data) > _SCORED_BYTES and not _looks_like_utf16(data):
        data = _foreign_lines(data)
    scored = [(_score(data, name), name) for name in _CANDIDATES]
    scored.append((_score(data, "utf-8"), "utf-8"))
    if may_be_alphabet(data) and not _is_han(data):
        scored.extend(
            (alphabet_share(data.decode(name, "replace"), name), name) for name in ALPHABETS
        )
    score, best = max(scored, key=lambda pair: pair[0])
    if score < 0.05:
        return None
    if best not in ("utf-8", "utf-16-le", "utf-16-be") and _utf8_line_share(data) >= 0.1:
        return _MIXED + best
    return best


def detect_file_encoding(path: Path, hint: str | None = None) -> str | None:
    """Name the encoding of a file from all of its bytes, or None when it is no text.

    The whole file is checked for strict UTF-8, as the first GBK byte may come late.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    foreign = bytearray()
    with path.open("rb") as stream:
        head = stream.read(SAMPLE_BYTES)
        valid = True
        chunk = head
        while chunk:
            if valid:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    valid = False
            if not chunk.isascii() and len(foreign) < SAMPLE_BYTES:
                # The head starts with a whole character and is long enough to tear at most one.
                part = chunk if chunk is head else _whole_lines(chunk)
                foreign += part[: SAMPLE_BYTES - len(foreign)]
            if not valid and len(foreign) >= SAMPLE_BYTES:
                break
            chunk = stream.read(_CHUNK)
    if valid or head[:4].startswith(tuple(mark for mark, _ in _BOMS)):
        return detect_encoding(head, hint)
    if _looks_like_utf16(head) or head.isascii() or len(foreign) < 2:
        return detect_encoding(head if not head.isascii() else bytes(foreign), hint)
    return detect_encoding(bytes(foreign), hint)


def decode(data: bytes, *, hint: str | None = None) -> tuple[str, str | None]:
    """Return the text and the encoding's name; None with "" where it is no text.

    A few invalid bytes become replacement characters: they must not cost the rest of the file.
    """
    encoding = detect_encoding(data, hint)
    if encoding is None:
        return "", None
    if encoding.startswith(_MIXED):
        return "".join(_decode_mixed(io.BytesIO(data), encoding.removeprefix(_MIXED))), encoding
    return data.decode(encoding, "replace"), encoding


def open_lines(
    path: Path, encoding: str, *, newline: str | None = None, longest: int = -1
) -> Iterator[str]:
    """Yield a file's lines with their ends, decoded; ``newline`` as in `open`.

    A line of more than ``longest`` characters comes in pieces of that length.
    """
    if encoding.startswith(_MIXED):
        with path.open("rb") as stream:
            yield from _decode_mixed(stream, encoding.removeprefix(_MIXED), longest)
        return
    with path.open(encoding=encoding, errors="replace", newline=newline) as text:
        while line := text.readline(longest):
            yield line


def _decode_mixed(stream: BinaryIO | io.BytesIO, legacy: str, longest: int = -1) -> Iterator[str]:
    while raw := stream.readline(longest):
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            yield raw.decode(legacy, "replace")


def _whole_lines(chunk: bytes) -> bytes:
    """Cut a chunk to whole lines, so that no character is torn where it is sampled."""
    start, end = chunk.find(b"\n"), chunk.rfind(b"\n")
    return chunk if start == end else chunk[start + 1 : end + 1]


def _foreign_lines(data: bytes) -> bytes:
    """Take enough of the lines that are not plain ASCII: they alone tell encodings apart."""
    taken = bytearray()
    for line in data.split(b"\n"):
        if not line.isascii():
            taken += line[:_SCORED_BYTES] + b"\n"
            if len(taken) >= _SCORED_BYTES:
                break
    return bytes(taken) or data[:_SCORED_BYTES]


def _is_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _is_jis(data: bytes) -> bool:
    """Tell Japanese that switches its character sets by escapes, which are ASCII to others."""
    try:
        text = codecs.getincrementaldecoder("iso2022_jp")().decode(data)
    except UnicodeDecodeError:
        return False
    return any(char > "\x7f" for char in text)


def _looks_like_utf16(data: bytes) -> bool:
    """Tell UTF-16 without a mark by the zero bytes of its ASCII part, all on one side."""
    sample = data[: SAMPLE_BYTES // 4 * 4]
    zeros = sample.count(0)
    if zeros < max(2, len(sample) // 200):
        return False
    odd = sample[1::2].count(0)
    return max(odd, zeros - odd) >= 0.95 * zeros and len(data) % 2 == 0


def _declared(data: bytes, hint: str) -> str | None:
    """Return the encoding that a file says it has, where the data bear it out."""
    try:
        codec = codecs.lookup(hint)
        if not codec._is_text_encoding:
            return None
        name = codec.name
        name = _WIDER.get(name, name)
        text = codecs.getincrementaldecoder(name)().decode(data)
    except (LookupError, ValueError):
        return None
    if not _plausible(text):
        return None
    if name in _SELDOM_CLAIMED and not is_double_bytes(data) and not _is_chinese(data):
        return name
    return name if _share(text, name) >= 0.2 else None


def _is_han(data: bytes) -> bool:
    """Tell Chinese alone: letters of one byte have odd runs of bytes before their spaces."""
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(data)
    except ValueError:
        return False
    return all("\u2e80" <= char <= "\uffef" for char in text if char > "\x7f")


def _is_chinese(data: bytes) -> bool:
    sample = data[:_SCORED_BYTES]
    return max(_score(sample, name) for name in ("gb18030", "big5hkscs")) >= _SURE


def _is_utf8_by_chance(data: bytes, text: str) -> bool:
    """Tell a few Chinese characters in GB 18030 whose bytes happen to be UTF-8 of two bytes each.

    They then read as a mixture of alphabets that nobody writes.
    """
    foreign = [char for char in text if char > "\x7f"]
    if not foreign or len(foreign) > _MOST_BY_CHANCE or max(foreign) >= "\u0800":
        return False
    # The hard space is the commonest of all in pages and mails.
    usual = sum(
        char in _WESTERN or char == "\xa0" or "\u0370" <= char <= "\u045f" for char in foreign
    )
    if usual > 0.5 * len(foreign):
        return False
    chinese = [char for char in data.decode("gb18030", "replace") if char > "\x7f"]
    return sum(char in _COMMON for char in chinese) >= 0.9 * len(chinese)


def _plausible(text: str) -> bool:
    zeros = text.count("\0")
    others = sum(map(text.count, _ASCII_CONTROLS)) - zeros
    if not others:
        # Exports of old systems pad their cells with zero bytes, and with nothing else.
        return zeros < len(text)
    return others <= 0.02 * len(text) and zeros <= 0.25 * len(text)


def _score(data: bytes, name: str) -> float:
    """Rate from 0 to 1 how much the data decoded by this name reads like text."""
    if name.startswith("utf-16"):
        if len(data) < 2:
            return 0.0
        data = data[: len(data) // 2 * 2]
    return _share(data.decode(name, "replace"), name)


@functools.cache
def _usual() -> frozenset[str]:
    """Return the first levels of GB 2312 and of Big5: all characters that are not rare."""
    gb = (bytes((lead, trail)) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF))
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    big5 = (bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails)
    return frozenset(
        "".join(code.decode("gb2312", "ignore") for code in gb)
        + "".join(code.decode("big5", "ignore") for code in big5)
    )


def _share(text: str, name: str) -> float:
    foreign = [char for char in text if char > "\x7f"]
    controls = sum(map(text.count, _ASCII_CONTROLS))
    if not foreign:
        # Pure ASCII: UTF-16 of English text gets here, everything else was UTF-8 before.
        letters = sum(char.isalnum() or char.isspace() for char in text)
        return max(0.0, letters / max(1, len(text)) - 5 * controls / max(1, len(text)))
    usual = _usual()
    common = sum(1.0 if char in _COMMON else 0.3 * (char in usual) for char in foreign)
    if name in ("shift_jis", "euc_jp", "gb18030"):
        # The rows of kana are the same in GB 2312 and in EUC: what else is there decides.
        common += sum(char in _JAPANESE for char in foreign)
    if name == "euc_jp" and not any(char in _JAPANESE for char in foreign):
        # Without kana it is rather Chinese.
        common = 0
    elif name == "cp949":
        common = hangul_share(foreign) * len(foreign)
    elif name.startswith("utf-16"):
        common += hangul_share(foreign) * len(foreign) + sum(map(len, _OTHER_WORDS.findall(text)))
    elif name.startswith(("cp125", "iso8859", "latin", "mac")):
        # In western text accents stand alone among ASCII; double bytes never do.
        alone = len(_ALONE.findall(text))
        seen = alone > _MOST_ALONE * len(foreign)
        common = sum(char in _WESTERN for char in foreign) - 3 * signs_in_words(text) if seen else 0
        # Half of the bytes of other encodings are such letters: good Chinese goes before them.
        common *= 0.7
    bad = sum(
        char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or "\x80" <= char <= "\x9f"
        for char in foreign
    )
    return max(0.0, (common - 2 * bad) / len(foreign) - 5 * controls / len(text))


def _utf8_line_share(data: bytes) -> float:
    """Return which part of the non-ASCII lines is valid UTF-8: near 0 in any legacy encoding."""
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    if len(lines) < 2:
        return 0.0
    # A short GBK word may happen to be valid UTF-8, but then it is no Chinese.
    return sum(_is_utf8(line) and _score(line, "utf-8") >= 0.2 for line in lines) / len(lines)
