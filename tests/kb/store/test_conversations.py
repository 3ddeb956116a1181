from dataclasses import replace

import pytest

from kb.answer_types import Answer, AskMilliseconds, Citation, Hit, Sentence, Turn
from kb.errors import NotFoundError
from kb.store.conversations import Conversations
from kb.types import Place
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document


def answer(question: str, text: str, *, refused: bool = False, document_id: int = 9) -> Answer:
    hit = Hit(
        rank=1,
        passage_id=5,
        kb_id="kb",
        kb_name="财报",
        document_id=document_id,
        document="a.pdf",
        text="研发费用为3亿元。",
        passage_text="研发费用为3亿元。",
        heading="第三章",
        group="",
        place=Place(page=2, boxes=((0.1, 0.2, 0.3, 0.4),)),
        score=0.9,
    )
    return Answer(
        question=question,
        standalone_question=question,
        answer=text,
        refused=refused,
        answerable=0.8,
        threshold=0.5,
        citations=(Citation(1, hit),),
        sentences=(Sentence(text, True, (1,)),),
        sql=None,
        model="m",
        conversation="",
        milliseconds=AskMilliseconds(1.0, None, 2.0),
    )


def test_an_answer_comes_back_as_it_was_stored(store: Store) -> None:
    conversations = Conversations(store.database)
    talk = conversations.create("研发费用是多少？", ["kb"], created_by="w")
    document_id = document(store, "a.pdf", content(store, ["研发费用为3亿元。"]))
    stored = answer("研发费用是多少？", "3亿元。", document_id=document_id)
    conversations.add(talk, stored)
    messages = conversations.messages(talk)
    assert [message.role for message in messages] == ["user", "assistant"]
    assert messages[1].answer == stored


def test_turns_are_the_last_answered_exchanges(store: Store) -> None:
    conversations = Conversations(store.database)
    talk = conversations.create("一", ["kb"])
    for number in range(5):
        conversations.add(talk, answer(f"问{number}", f"答{number}", refused=number == 3))
    assert [turn.question for turn in conversations.turns(talk, 3)] == ["问1", "问2", "问4"]


def test_a_source_whose_document_is_removed_says_so(store: Store) -> None:
    conversations = Conversations(store.database)
    ids = [document(store, f"{n}.txt", content(store, [n], sha256=n), sha256=n) for n in "甲乙"]
    talk, other = (conversations.create("费用", ["kb"]) for _ in range(2))
    given = [answer("研发费用？", "3亿元。", document_id=each) for each in ids]
    both = replace(
        given[1], citations=(*given[1].citations, Citation(2, given[0].citations[0].hit))
    )
    for each in (*given, both):
        conversations.add(talk, each)
    conversations.add(other, given[1])

    def removed(name: str) -> list[list[bool]]:
        answers = [message.answer for message in conversations.messages(name)]
        return [[each.hit.removed for each in one.citations] for one in answers if one is not None]

    assert removed(talk) == [[False], [False], [False, False]]
    store.removals.remove("kb", ids[0], bin_path=None, removed_by="")
    assert removed(talk) == [[True], [False], [False, True]]
    assert removed(other) == [[False]]
    # No follow-up leans on what rested on that document alone.
    said = [(turn.question, turn.answer) for turn in conversations.turns(talk, 3)]
    assert said == [("研发费用？", ""), ("研发费用？", "3亿元。"), ("研发费用？", "3亿元。")]
    store.catalog.delete("kb")
    assert removed(talk) == [[True], [True], [True, True]]


def test_every_stored_answer_knows_its_documents(store: Store) -> None:
    conversations = Conversations(store.database)
    conversations.add(conversations.create("一", ["kb"]), answer("问", "答"))
    with store.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT kb_id, document_id, passage_id FROM message_sources"
        ).all()
    assert [tuple(row) for row in rows] == [("kb", 9, 5)]


def test_a_deleted_conversation_leaves_nothing(store: Store) -> None:
    conversations = Conversations(store.database)
    talk = conversations.create("一", ["kb"])
    conversations.add(talk, answer("问", "答"))
    conversations.delete(talk)
    with pytest.raises(NotFoundError):
        conversations.messages(talk)
    with store.database.read() as connection:
        for table in ("messages", "message_sources", "conversations"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0  # noqa: S608


def test_the_last_used_conversation_comes_first_and_can_be_renamed(store: Store) -> None:
    conversations = Conversations(store.database)
    first, second = conversations.create("一", ["kb"]), conversations.create("二", ["kb"])
    conversations.add(first, answer("问", "答"))
    assert [talk.conversation_id for talk in conversations.page()] == [first, second]
    conversations.rename(second, " 差旅 ")
    assert conversations.page()[1].title == "差旅"


def test_one_conversation_is_found_by_its_id(store: Store) -> None:
    conversations = Conversations(store.database)
    talk = conversations.create("一", ["kb"])
    assert conversations.get(talk) == conversations.page()[0]
    with pytest.raises(NotFoundError):
        conversations.get("none")


def test_an_answer_stopped_before_its_first_word_is_no_turn(store: Store) -> None:
    conversations = Conversations(store.database)
    talk = conversations.create("一", ["kb"])
    conversations.add(talk, answer("问", ""))
    assert conversations.turns(talk, 3) == []


def test_nothing_is_added_to_a_conversation_that_is_gone(store: Store) -> None:
    with pytest.raises(NotFoundError):
        Conversations(store.database).add("none", answer("问", "答"))


def test_a_follow_up_is_a_turn_as_it_was_completed(store: Store) -> None:
    conversations = Conversations(store.database)
    talk = conversations.create("一", ["kb"])
    document_id = document(store, "a.pdf", content(store, ["补贴100元。"]))
    follow_up = answer("那出差呢？", "100元", document_id=document_id)
    completed = replace(follow_up, standalone_question="出差的补贴是多少？")
    conversations.add(talk, completed)
    assert conversations.turns(talk, 3) == [Turn("出差的补贴是多少？", "100元")]
