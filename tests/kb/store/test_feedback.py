import pytest

from kb.errors import NotFoundError
from kb.store.conversations import Conversations
from kb.store.feedback import Feedback
from tests.kb.store.conftest import Store
from tests.kb.store.test_conversations import answer


def test_feedback_is_given_changed_and_taken_back(store: Store) -> None:
    conversations, feedback = Conversations(store.database), Feedback(store.database)
    talk = conversations.create("研发费用是多少？", ["kb"])
    conversations.add(talk, answer("研发费用是多少？", "3亿元。"))
    number = conversations.messages(talk)[1].message_id
    feedback.give(number, "up")
    feedback.give(number, "down", created_by="w")
    [given] = feedback.page()
    assert (given.message_id, given.praise, given.kb_ids) == (number, "down", ("kb",))
    assert (given.conversation, given.answer.answer) == (talk, "3亿元。")
    assert given.answer.citations[0].hit.document == "a.pdf"
    assert [message.praise for message in conversations.messages(talk)] == [None, "down"]
    feedback.give(number, None)
    assert feedback.page() == []


def test_only_answers_can_be_judged(store: Store) -> None:
    conversations, feedback = Conversations(store.database), Feedback(store.database)
    talk = conversations.create("问？", ["kb"])
    conversations.add(talk, answer("问？", "答"))
    question = conversations.messages(talk)[0].message_id
    for number in (question, 999):
        with pytest.raises(NotFoundError):
            feedback.give(number, "up")


def test_feedback_goes_with_its_conversation(store: Store) -> None:
    conversations, feedback = Conversations(store.database), Feedback(store.database)
    talk = conversations.create("问？", ["kb"])
    conversations.add(talk, answer("问？", "答"))
    feedback.give(conversations.messages(talk)[1].message_id, "up")
    conversations.delete(talk)
    assert feedback.page() == []
