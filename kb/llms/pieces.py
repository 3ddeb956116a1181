"""Turn a model's bytes into whole text, end it at stop strings, keep control tokens plain."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable

from kb.llms.base import ChatMessage

# How the chat templates of Qwen, Llama, ChatGLM, DeepSeek, Gemma, InternLM, Baichuan and Mistral
# mark turns, and what else their vocabularies hold as one token. A document that holds such a mark
# must not be able to open a turn of its own in the prompt. What takes its place is no part of any
# mark, so none can come of the pieces around it.
_CONTROL = re.compile(
    r"<[|｜]([^<>|｜\s]{1,40})[|｜]>"
    r"|<(/?(?:s|bos|eos|pad|unk|think|tool_(?:call|response)|(?:start|end)_of_\w{1,20}"
    r"|reserved_\d+|unused\d+))>"
    r"|<<(/?SYS)>>"
    r"|\[(/?INST|[gs]?MASK|/?(?:AVAILABLE_TOOLS|TOOL_RESULTS)|TOOL_CALLS|UNUSED_TOKEN_\d+)\]"
)


# What decoders write for bytes that are no whole character.
_HALF = "�"


def without_control_tokens(messages: Iterable[ChatMessage]) -> list[dict[str, str]]:
    """Return the messages in OpenAI's form, with the marks of chat templates made plain text."""
    return [
        {"role": message.role, "content": _CONTROL.sub(_as_words, message.content)}
        for message in messages
    ]


def _as_words(match: re.Match[str]) -> str:
    return f"‹{match[match.lastindex or 0]}›"


class PieceReader:
    """Joins bytes to text without ever giving out part of a character or of a stop string."""

    def __init__(self, stop: Iterable[str] = ()) -> None:
        # Byte-level vocabularies split one Chinese character over up to three tokens. Bytes that
        # never become a character are dropped: a replacement mark in an answer helps nobody.
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """Take the next bytes and return the text that is certain by now."""
        if self.stopped:
            return ""
        text = self._held + self._decoder.decode(data)
        found = [at for stop in self._stop if (at := text.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return text[: min(found)]
        held = self._possible_stop(text)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def finish(self) -> str:
        """Return what was held back in case it became a stop string."""
        held, self._held = self._held, ""
        return held

    def _possible_stop(self, text: str) -> int:
        """Count the characters at the end of the text that may begin a stop string."""
        longest = 0
        for stop in self._stop:
            for size in range(min(len(stop) - 1, len(text)), longest, -1):
                if text.endswith(stop[:size]):
                    longest = size
                    break
        return longest


class TokenReader:
    """Turns tokens to text as they come, for vocabularies that only decode runs of tokens.

    A token may be part of a character, and its text may depend on the one before. As in Hugging
    Face's text-generation-inference, each new token is decoded together with the last ones that
    gave text, and what these gave alone is taken off.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._tokens: list[int] = []
        self._start = self._read = 0

    def feed(self, token: int) -> str:
        """Take the next token and return the text that is certain by now."""
        self._tokens.append(token)
        piece = self._rest()
        if not piece or piece.endswith(_HALF):
            return ""
        self._start, self._read = self._read, len(self._tokens)
        return piece.replace(_HALF, "")

    def finish(self) -> str:
        """Return what is left, without bytes that never became a character."""
        return self._rest().replace(_HALF, "")

    def _rest(self) -> str:
        given = self._decode(self._tokens[self._start : self._read])
        return self._decode(self._tokens[self._start :])[len(given) :]
