"""Responses to questions: passages found, answers whole and streamed, and the talks they form."""

from __future__ import annotations

from typing import Literal

from app.api.models import JsonBox, Model


class HitModel(Model):
    """A passage found; ``box`` is a list of boxes when the passage spans several visual lines.

    ``later`` names the document, another version of this one, whose passage counts in its place.
    ``removed`` tells of a source in an earlier answer that its document was removed since.
    """

    rank: int
    passage_id: int
    knowledge_base: str
    document_id: int
    document: str
    page: int | None
    box: JsonBox
    sheet: str | None
    row: int | None
    column: str | None
    paragraph: int | None
    heading: str
    text: str
    score: float
    later: str | None = None
    removed: bool = False


class CitationModel(HitModel):
    """A numbered source of an answer."""

    number: int


class SearchModel(Model):
    """What retrieval found, best first."""

    question: str
    hits: list[HitModel]
    answerable: float
    milliseconds: float


class SentenceModel(Model):
    """A sentence of an answer and the numbers of its sources."""

    text: str
    supported: bool
    citations: list[int]


class AskMilliseconds(Model):
    """How long the parts of an answer took."""

    retrieve: float
    first_token: float | None
    total: float


class AskModel(Model):
    """A finished answer with its sources."""

    question: str
    standalone_question: str
    answer: str
    refused: bool
    answerable: float
    threshold: float
    citations: list[CitationModel]
    sentences: list[SentenceModel]
    sql: str | None
    model: str
    conversation: str
    milliseconds: AskMilliseconds
    extractive: bool = False


class PassagesEvent(Model):
    """First event of a streamed answer: the sources, before any token."""

    event: Literal["passages"] = "passages"
    standalone_question: str
    citations: list[CitationModel]
    answerable: float


class TokenEvent(Model):
    """A piece of the answer."""

    event: Literal["token"] = "token"
    text: str


class AnswerEvent(Model):
    """Last event of a streamed answer."""

    event: Literal["answer"] = "answer"
    answer: AskModel


class ConversationModel(Model):
    """A conversation as listed."""

    conversation: str
    title: str
    knowledge_base_ids: list[str]
    created_at: float
    updated_at: float


class ConversationList(Model):
    """Conversations, the latest first."""

    conversations: list[ConversationModel]


class MessageModel(Model):
    """A message; ``answer`` is there for those of the assistant."""

    message_id: int
    role: str
    text: str
    created_at: float
    answer: AskModel | None
    feedback: Literal["up", "down"] | None


class FeedbackModel(Model):
    """What a reader thought of an answer."""

    message_id: int
    feedback: Literal["up", "down"]
    conversation: str
    knowledge_base_ids: list[str]
    answer: AskModel
    created_at: float


class FeedbackList(Model):
    """Feedback, the latest first."""

    feedback: list[FeedbackModel]


class MessageList(Model):
    """The messages of a conversation, oldest first."""

    messages: list[MessageModel]
