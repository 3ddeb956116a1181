import pytest

from kb.errors import NotFoundError
from kb.store.jobs import QueuedItem
from kb.types import JobRecord, Reason
from tests.kb.store.conftest import Store


def queue(store: Store, *names: str) -> JobRecord:
    return store.jobs.create("kb", "add", [QueuedItem(f"/in/{name}", name) for name in names])


def test_items_keep_their_order_and_outcomes(store: Store) -> None:
    job = queue(store, "b.txt", "a.txt")
    store.jobs.start(job.job_id)
    assert store.jobs.begin_item(job.job_id, 0) == 1
    store.jobs.finish_item(
        job.job_id, 0, "failed", reason=Reason("empty_file"), document_id=7, seconds=0.5
    )
    items = store.jobs.items(job.job_id)
    assert [item.document for item in items] == ["b.txt", "a.txt"]
    assert (items[0].state, items[0].reason, items[0].document_id) == (
        "failed",
        Reason("empty_file"),
        7,
    )
    again = store.jobs.get(job.job_id)
    assert (again.done, again.total, again.counts) == (1, 2, {"failed": 1, "queued": 1})
    assert again.eta is not None


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_on_request(store: Store) -> None:
    waiting, running = queue(store, "a.txt"), queue(store, "b.txt")
    assert store.jobs.request_cancel(waiting.job_id).state == "cancelled"
    assert store.jobs.items(waiting.job_id)[0].state == "cancelled"
    store.jobs.start(running.job_id)
    assert store.jobs.request_cancel(running.job_id).state == "running"
    assert store.jobs.cancel_requested(running.job_id)


def test_work_that_was_interrupted_is_queued_again_and_counted(store: Store) -> None:
    job = queue(store, "a.txt", "b.txt")
    store.jobs.start(job.job_id)
    store.jobs.begin_item(job.job_id, 0)
    assert store.jobs.requeue_interrupted() == [job.job_id]
    assert [item.state for item in store.jobs.items(job.job_id)] == ["queued", "queued"]
    assert store.jobs.begin_item(job.job_id, 0) == 2


def test_jobs_are_worked_on_in_the_order_they_came(store: Store) -> None:
    first, second = queue(store, "a.txt"), queue(store, "b.txt")
    assert [job.job_id for job in store.jobs.running_or_queued()] == [first.job_id, second.job_id]
    store.jobs.finish(first.job_id, "done")
    assert [job.job_id for job in store.jobs.running_or_queued()] == [second.job_id]
    assert [job.job_id for job in store.jobs.page()] == [second.job_id, first.job_id]
    assert [job.job_id for job in store.jobs.page(active_only=True)] == [second.job_id]


def test_an_unknown_job_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.jobs.get("none")


def test_an_orderly_end_does_not_count_against_a_file(store: Store) -> None:
    job = store.jobs.create("kb", "add", [QueuedItem("/in/a.txt", "a.txt")])
    for _ in range(5):
        assert store.jobs.begin_item(job.job_id, 0) == 1
        store.jobs.put_back(job.job_id, 0)
    assert [item.state for item in store.jobs.items(job.job_id)] == ["queued"]
