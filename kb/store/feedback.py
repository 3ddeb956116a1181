"""What readers thought of answers: praise or blame, with the question, answer and passages."""

from __future__ import annotations

import time

from sqlalchemy import delete, insert, select

from kb.answer_types import FeedbackRecord, Praise
from kb.errors import NotFoundError
from kb.store.conversations import stored_answer
from kb.store.database import Database
from kb.store.tables import conversations, feedback, messages


class Feedback:
    """The feedback on stored answers; it goes when the conversation is deleted."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def give(self, message_id: int, praise: Praise | None, *, created_by: str = "") -> None:
        """Praise or blame an answer; None takes back what was given.

        Raises:
            NotFoundError: there is no such answer.
        """
        with self._db.write() as connection:
            row = connection.execute(
                select(messages.c.answer).where(messages.c.id == message_id)
            ).first()
            if row is None or row.answer is None:
                raise NotFoundError(f"no answer {message_id}", kind="message", name=str(message_id))
            connection.execute(delete(feedback).where(feedback.c.message_id == message_id))
            if praise is not None:
                connection.execute(
                    insert(feedback).values(
                        message_id=message_id,
                        verdict=praise,
                        created_by=created_by,
                        created_at=time.time(),
                    )
                )

    def page(self, *, limit: int = 1000) -> list[FeedbackRecord]:
        """List what was given, the latest first."""
        with self._db.read() as connection:
            rows = connection.execute(
                select(
                    feedback.c.message_id,
                    feedback.c.verdict,
                    feedback.c.created_at,
                    messages.c.conversation_id,
                    messages.c.answer,
                    conversations.c.kb_ids,
                )
                .join(messages, messages.c.id == feedback.c.message_id)
                .join(conversations, conversations.c.id == messages.c.conversation_id)
                .order_by(feedback.c.created_at.desc(), feedback.c.message_id.desc())
                .limit(limit)
            ).all()
        return [
            FeedbackRecord(
                message_id=row.message_id,
                praise=row.verdict,
                conversation=row.conversation_id,
                kb_ids=tuple(row.kb_ids),
                answer=stored_answer(row.answer),
                created_at=row.created_at,
            )
            for row in rows
        ]
