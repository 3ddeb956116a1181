import threading
from collections.abc import Callable, Iterator

import pytest

from app.events import EventStream
from kb.answer_types import AskEvent, Token
from kb.errors import GenerationError


def collect(stream: EventStream) -> list[str]:
    texts = []
    while not stream.finished:
        event = stream.next(5)
        if isinstance(event, Token):
            texts.append(event.text)
    return texts


def test_events_come_in_order_and_then_nothing_more() -> None:
    stream = EventStream(lambda _stopped: iter([Token("a"), Token("b")]))
    assert collect(stream) == ["a", "b"]
    assert stream.next(0) is None


def test_a_slow_answer_lets_the_reader_look_up() -> None:
    go_on = threading.Event()

    def ask(_stopped: Callable[[], bool]) -> Iterator[AskEvent]:
        go_on.wait(10)
        yield Token("late")

    stream = EventStream(ask)
    assert stream.next(0.01) is None
    assert not stream.finished
    go_on.set()
    assert collect(stream) == ["late"]


def test_a_stopped_answer_ends_by_itself_and_its_end_is_heard() -> None:
    def ask(stopped: Callable[[], bool]) -> Iterator[AskEvent]:
        while not stopped():
            yield Token("x")
        yield Token("end")

    stream = EventStream(ask)
    stream.next(5)
    stream.stop()
    assert collect(stream)[-1] == "end"


def test_an_error_of_the_answer_is_raised_where_it_is_read() -> None:
    def ask(_stopped: Callable[[], bool]) -> Iterator[AskEvent]:
        yield Token("a")
        raise GenerationError("the model died")

    stream = EventStream(ask)
    assert stream.next(5) == Token("a")
    with pytest.raises(GenerationError, match="died"):
        stream.next(5)
    assert stream.next(5) is None
    assert stream.finished
