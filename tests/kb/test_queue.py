import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.errors import NotFoundError
from kb.types import JobRecord
from kb.workspace import Workspace
from tests.kb.conftest import Opener

Write = Callable[[str, str], Path]


def test_a_job_that_was_interrupted_goes_on_at_the_next_start(reopen: Opener, write: Write) -> None:
    workspace = reopen()
    workspace.create("库")
    paths = [write(f"{number}.txt", f"第{number}号文件的内容。" * 200) for number in range(40)]
    job = workspace.knowledge_base("库").add(paths)
    while workspace.queue.get(job.job_id).done < 5:
        time.sleep(0.01)
    workspace = reopen()
    done = workspace.queue.wait(job.job_id, timeout=60)
    assert (done.state, done.counts) == ("done", {"ready": 40})
    assert workspace.knowledge_base("库").record.document_count == 40


def test_a_cancelled_job_keeps_what_it_has_finished(workspace: Workspace, write: Write) -> None:
    workspace.create("库")
    paths = [write(f"{number}.txt", f"第{number}号文件。" * 2000) for number in range(60)]
    job = workspace.knowledge_base("库").add(paths)
    while workspace.queue.get(job.job_id).done < 3:
        time.sleep(0.01)
    workspace.queue.cancel(job.job_id)
    done = workspace.queue.wait(job.job_id, timeout=60)
    assert done.state == "cancelled"
    states = {record.state for record in workspace.knowledge_base("库").documents(limit=None)}
    assert states == {"ready"}
    assert workspace.knowledge_base("库").record.document_count == done.counts["ready"]
    assert done.counts["cancelled"] == 60 - done.counts["ready"]


def test_failed_files_of_a_job_can_be_tried_again(workspace: Workspace, write: Write) -> None:
    workspace.create("库")
    path = write("a.txt", "")
    job = workspace.knowledge_base("库").add([path])
    workspace.queue.wait(job.job_id)
    path.write_text("现在有内容了。", encoding="utf-8")
    again = workspace.queue.retry(job.job_id)
    assert workspace.queue.wait(again.job_id).counts == {"ready": 1}
    with pytest.raises(NotFoundError):
        workspace.queue.retry(again.job_id)


def test_a_file_that_failed_when_it_was_read_again_is_tried_again_in_the_same_way(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    first = workspace.knowledge_base("库").add([write("a.txt", "")])
    workspace.queue.wait(first.job_id, timeout=60)
    job = workspace.knowledge_base("库").reindex(["a.txt"], force_ocr=True)
    assert workspace.queue.wait(job.job_id, timeout=60).counts == {"failed": 1}
    again = workspace.queue.retry(job.job_id)
    assert again.kind == "read_again"
    assert workspace._jobs.payload(again.job_id) == {"force_ocr": True}
    assert workspace.queue.wait(again.job_id, timeout=60).counts == {"failed": 1}


def test_waiting_tells_of_progress_and_ends_when_its_time_is_over(workspace: Workspace) -> None:
    workspace.create("库")
    job = workspace._jobs.create("库", "add", total=1)
    told: list[JobRecord] = []
    late = workspace.queue.wait(job.job_id, on_progress=told.append, timeout=0.05)
    assert late.job_id == job.job_id
    assert told[-1] == late
