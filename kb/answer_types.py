"""The records of questions: what was found, what was answered, what people said to one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kb.types import Place

Praise = Literal["up", "down"]
AnswerLanguage = Literal["auto", "zh", "en"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a retriever found, best first by ``score`` (0 to 1, higher is better).

    ``text`` is the passage, or the window around it once widened; ``passage_text`` is always the
    passage itself. ``later`` names the document, another version of this one, whose passage counts
    in its place. ``removed`` tells of a stored source that its document is gone since.
    """

    rank: int
    passage_id: int
    kb_id: str
    kb_name: str
    document_id: int
    document: str
    text: str
    passage_text: str
    heading: str
    group: str
    place: Place
    score: float
    later: str | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished exchange of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What retrieval found; every hit, best first, none hidden by the threshold."""

    question: str
    hits: tuple[Hit, ...]
    answerable: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source of an answer."""

    number: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the citations that support it."""

    text: str
    supported: bool
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskMilliseconds:
    """How long the parts of an answer took; ``first_token`` is None when nothing was generated."""

    retrieve: float
    first_token: float | None
    total: float


FIXED_REPLY = "reply"
"""In place of a model's name: the answer is a fixed reply to small talk."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. ``extractive`` says that no chat model wrote it."""

    question: str
    standalone_question: str
    answer: str
    refused: bool
    answerable: float
    threshold: float
    citations: tuple[Citation, ...]
    sentences: tuple[Sentence, ...]
    sql: str | None
    model: str
    conversation: str
    milliseconds: AskMilliseconds
    extractive: bool = False


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """First event of an answer: the passages, known before any token."""

    standalone_question: str
    citations: tuple[Citation, ...]
    answerable: float


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer as it is generated."""

    text: str


AskEvent = PassagesFound | Token | Answer


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation as listed; ``title`` is its first question."""

    conversation_id: str
    title: str
    kb_ids: tuple[str, ...]
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A stored message; ``answer`` is there for the assistant's, ``praise`` where a reader said."""

    message_id: int
    role: Literal["user", "assistant"]
    text: str
    created_at: float
    answer: Answer | None
    praise: Praise | None


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """What a reader thought of an answer."""

    message_id: int
    praise: Praise
    conversation: str
    kb_ids: tuple[str, ...]
    answer: Answer
    created_at: float
