import threading
from collections.abc import Callable, Iterator

import pytest

from kb.answer.together import Together


@pytest.fixture
def together() -> Iterator[Together]:
    made = Together()
    yield made
    made.close()


def numbered(number: int) -> Callable[[], int]:
    return lambda: number


def test_results_stand_in_the_order_of_the_tasks(together: Together) -> None:
    for count in (0, 1, 2, 50):
        assert together.run([numbered(n) for n in range(count)]) == list(range(count))
    assert together.both([numbered(1)], [lambda: "a", lambda: "b"]) == ([1], ["a", "b"])


def test_two_tasks_run_at_once(together: Together) -> None:
    meet = threading.Barrier(2)
    # Each of them waits for the other one.
    assert sorted(together.run([lambda: meet.wait(10)] * 2)) == [0, 1]


def test_nobody_waits_for_a_helper_that_is_busy(together: Together) -> None:
    begun, ended = threading.Event(), threading.Event()

    def long() -> bool:
        begun.set()
        return ended.wait(10)

    other = threading.Thread(target=together.run, args=([long, long],))
    other.start()
    assert begun.wait(10)
    threads = together.run([threading.get_ident] * 5)
    assert set(threads) == {threading.get_ident()}
    ended.set()
    other.join()


@pytest.mark.parametrize("place", range(4))
def test_the_error_of_a_task_is_raised(together: Together, place: int) -> None:
    def failing() -> int:
        raise ValueError("wrong")

    tasks = [numbered(n) for n in range(4)]
    tasks[place] = failing
    for _ in range(20):
        with pytest.raises(ValueError, match="wrong"):
            together.run(tasks)


def test_many_threads_get_their_own_results(together: Together) -> None:
    wrong: list[object] = []

    def ask(first: int) -> None:
        for _ in range(200):
            found = together.run([numbered(n) for n in range(first, first + 7)])
            if found != list(range(first, first + 7)):
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(100 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_after_it_was_closed_all_is_done_without_help(together: Together) -> None:
    together.close()
    assert together.run([numbered(n) for n in range(3)]) == [0, 1, 2]
