"""Questions of an exam from what readers thought of real answers."""

from __future__ import annotations

from collections.abc import Iterable

from kb.answer.quoting import said_by_itself
from kb.answer_types import FIXED_REPLY, FeedbackRecord, Praise
from kb.exam.questions import ExamQuestion


def collect(records: Iterable[FeedbackRecord]) -> list[tuple[ExamQuestion, Praise]]:
    """Turn feedback into questions, the latest opinion on each question only.

    A praised answer becomes the gold answer and its first source the gold document; a praised
    refusal says that the documents have no answer. Of a blamed answer nothing is known but that the
    question matters.
    """
    found: dict[str, tuple[ExamQuestion, Praise]] = {}
    for record in records:
        answer = record.answer
        text = answer.standalone_question or answer.question
        if answer.model == FIXED_REPLY or text in found:
            continue
        praised = record.praise == "up"
        said = praised and not answer.refused
        found[text] = (
            ExamQuestion(
                id=f"m{record.message_id}",
                text=text,
                answers=(said_by_itself(answer.answer),) if said else (),
                document=answer.citations[0].hit.document if said and answer.citations else "",
                refuse=praised and answer.refused,
            ),
            record.praise,
        )
    return list(found.values())
