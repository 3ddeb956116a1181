"""Conversations and their messages; each answer keeps which documents it shows."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from kb.answer_types import (
    FIXED_REPLY,
    Answer,
    AskMilliseconds,
    Citation,
    ConversationRecord,
    Hit,
    MessageRecord,
    Sentence,
    Turn,
)
from kb.errors import NotFoundError
from kb.store.database import Database
from kb.store.tables import (
    conversations,
    documents,
    feedback,
    knowledge_bases,
    message_sources,
    messages,
)
from kb.types import Place

_TITLE_LENGTH = 40


class Conversations:
    """Stored talks; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, title: str, kb_ids: Sequence[str], *, created_by: str = "") -> str:
        """Begin a conversation and return its id."""
        conversation_id = secrets.token_hex(8)
        now = time.time()
        with self._db.write() as connection:
            connection.execute(
                insert(conversations).values(
                    id=conversation_id,
                    title=title[:_TITLE_LENGTH],
                    kb_ids=list(kb_ids),
                    owner=created_by,
                    created_by=created_by,
                    created_at=now,
                    updated_at=now,
                )
            )
        return conversation_id

    def page(self, *, limit: int = 100) -> list[ConversationRecord]:
        """List conversations, the last used first."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(conversations).order_by(conversations.c.updated_at.desc()).limit(limit)
            ).all()
        return [_record(row) for row in rows]

    def get(self, conversation_id: str) -> ConversationRecord:
        """Get one conversation.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as connection:
            row = connection.execute(
                select(conversations).where(conversations.c.id == conversation_id)
            ).first()
        if row is None:
            raise _not_found(conversation_id)
        return _record(row)

    def messages(self, conversation_id: str) -> list[MessageRecord]:
        """List the messages of a conversation, oldest first.

        Raises:
            NotFoundError: there is no such conversation.
        """
        self.get(conversation_id)
        with self._db.read() as connection:
            rows = connection.execute(
                select(messages, feedback.c.verdict)
                .outerjoin(feedback, feedback.c.message_id == messages.c.id)
                .where(messages.c.conversation_id == conversation_id)
                .order_by(messages.c.id)
            ).all()
            gone = _removed_sources(connection, conversation_id)
        return [
            MessageRecord(
                message_id=row.id,
                role=row.role,
                text=row.text,
                created_at=row.created_at,
                answer=_told(stored_answer(row.answer), gone.get(row.id)) if row.answer else None,
                praise=row.verdict,
            )
            for row in rows
        ]

    def turns(self, conversation_id: str, count: int) -> list[Turn]:
        """The last ``count`` exchanges that were answered, oldest first; small talk is none.

        A follow-up stands there as it was completed: what comes next may lean on all of it, but not
        on an answer whose sources were all removed since.
        """
        found: list[Turn] = []
        question = ""
        for message in self.messages(conversation_id):
            if message.role == "user":
                question = message.text
            elif message.text and message.answer is not None and _says_something(message.answer):
                completed = message.answer.standalone_question or question
                sources = message.answer.citations
                is_gone = bool(sources) and all(source.hit.removed for source in sources)
                found.append(Turn(completed, "" if is_gone else message.text))
        return found[-count:]

    def add(self, conversation_id: str, answer: Answer, *, created_by: str = "") -> None:
        """Store a question and its answer with the documents that it shows.

        Raises:
            NotFoundError: there is no such conversation.
        """
        now = time.time()
        with self._db.write() as connection:
            touched = connection.execute(
                update(conversations)
                .where(conversations.c.id == conversation_id)
                .values(updated_at=now)
            )
            if touched.rowcount == 0:
                raise _not_found(conversation_id)
            connection.execute(
                insert(messages).values(
                    conversation_id=conversation_id,
                    role="user",
                    text=answer.question,
                    created_by=created_by,
                    created_at=now,
                )
            )
            done = connection.execute(
                insert(messages).values(
                    conversation_id=conversation_id,
                    role="assistant",
                    text=answer.answer,
                    answer=dataclasses.asdict(answer),
                    created_by=created_by,
                    created_at=now,
                )
            )
            assert done.inserted_primary_key is not None  # noqa: S101 - always there for one row
            message_id = int(done.inserted_primary_key[0])
            if answer.citations:
                connection.execute(
                    insert(message_sources),
                    [
                        {
                            "message_id": message_id,
                            "number": citation.number,
                            "kb_id": citation.hit.kb_id,
                            "document_id": citation.hit.document_id,
                            "passage_id": citation.hit.passage_id,
                        }
                        for citation in answer.citations
                    ],
                )

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title.

        Raises:
            NotFoundError: there is no such conversation.
        """
        with self._db.write() as connection:
            done = connection.execute(
                update(conversations)
                .where(conversations.c.id == conversation_id)
                .values(title=title.strip()[:_TITLE_LENGTH])
            )
        if done.rowcount == 0:
            raise _not_found(conversation_id)

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation with all its messages.

        Raises:
            NotFoundError: there is no such conversation.
        """
        ids = select(messages.c.id).where(messages.c.conversation_id == conversation_id)
        with self._db.write() as connection:
            connection.execute(delete(feedback).where(feedback.c.message_id.in_(ids)))
            connection.execute(delete(message_sources).where(message_sources.c.message_id.in_(ids)))
            connection.execute(
                delete(messages).where(messages.c.conversation_id == conversation_id)
            )
            done = connection.execute(
                delete(conversations).where(conversations.c.id == conversation_id)
            )
        if done.rowcount == 0:
            raise _not_found(conversation_id)


def _removed_sources(connection: Connection, conversation_id: str) -> dict[int, set[int]]:
    """The numbers of the sources, by message, whose documents or knowledge bases are gone."""
    query = (
        select(message_sources.c.message_id, message_sources.c.number)
        .join(messages, messages.c.id == message_sources.c.message_id)
        .outerjoin(
            documents,
            (documents.c.id == message_sources.c.document_id)
            & (documents.c.kb_id == message_sources.c.kb_id),
        )
        .outerjoin(
            knowledge_bases,
            (knowledge_bases.c.id == documents.c.kb_id) & knowledge_bases.c.deleted_at.is_(None),
        )
        .where(messages.c.conversation_id == conversation_id, knowledge_bases.c.id.is_(None))
    )
    found: dict[int, set[int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.message_id, set()).add(row.number)
    return found


def _told(answer: Answer, gone: set[int] | None) -> Answer:
    """Mark the sources of an answer that are gone."""
    if not gone:
        return answer
    return dataclasses.replace(
        answer,
        citations=tuple(
            dataclasses.replace(each, hit=dataclasses.replace(each.hit, removed=True))
            if each.number in gone
            else each
            for each in answer.citations
        ),
    )


def _says_something(answer: Answer) -> bool:
    return not answer.refused and answer.model != FIXED_REPLY


def _record(row: Row[Any]) -> ConversationRecord:
    return ConversationRecord(row.id, row.title, tuple(row.kb_ids), row.created_at, row.updated_at)


def stored_answer(stored: Mapping[str, Any]) -> Answer:
    """Read an answer as it is stored."""
    return Answer(
        **{
            **stored,
            "citations": tuple(
                Citation(item["number"], _hit(item["hit"])) for item in stored["citations"]
            ),
            "sentences": tuple(
                Sentence(item["text"], item["supported"], tuple(item["citations"]))
                for item in stored["sentences"]
            ),
            "milliseconds": AskMilliseconds(**stored["milliseconds"]),
        }
    )


def _hit(stored: Mapping[str, Any]) -> Hit:
    place = dict(stored["place"])
    place["boxes"] = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in place["boxes"])
    return Hit(**{**stored, "place": Place(**place)})


def _not_found(conversation_id: str) -> NotFoundError:
    return NotFoundError(
        f"no conversation {conversation_id}", kind="conversation", name=conversation_id
    )
