import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.examining import bases_now, open_exams
from kb.errors import GenerationError, NotFoundError
from kb.exam.questions import ExamQuestion
from kb.exam.run import Exams, RunRecord, RunSettings
from kb.workspace import Workspace
from tests.kb.exam.test_results import ANSWER

QUESTIONS = [ExamQuestion(f"q{number}", f"问{number}？", ("五天",)) for number in range(4)]
SETTINGS = RunSettings(("kb",))
Asking = Callable[[ExamQuestion, RunSettings, Callable[[], bool]], Mapping[str, Any]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Asking], Exams]]:
    made: list[Exams] = []

    def open_it(ask: Asking) -> Exams:
        made.append(Exams(tmp_path / "exams", ask))
        return made[-1]

    yield open_it
    for exams in made:
        exams.close()


def begin(exams: Exams) -> RunRecord:
    return exams.start("年假", QUESTIONS, settings=SETTINGS, bases=(), chat_model="m")


def ended(exams: Exams, run_id: str) -> RunRecord:
    deadline = time.monotonic() + 30
    while (record := exams.get(run_id)).state in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return record


def answer(question: ExamQuestion, settings: RunSettings, stop: object) -> Mapping[str, Any]:
    return {key: value for key, value in ANSWER.items() if key != "id"}


def test_a_run_on_a_real_knowledge_base_is_answered_and_measured(
    workspace: Workspace, write: Callable[[str, str], Path]
) -> None:
    record = workspace.create("制度")
    path = write("年假.txt", "员工满一年后，每年享有五天带薪年假。")
    workspace.queue.wait(workspace.knowledge_base("制度").add([path]).job_id, timeout=60)
    exams = open_exams(workspace)
    questions = [
        ExamQuestion("a", "带薪年假有几天？", ("五天",), document="年假.txt"),
        ExamQuestion("b", "zzqx qqzz？", refuse=True),
    ]
    settings = RunSettings((record.kb_id,), threshold=0.0)
    run = exams.start(
        "年假", questions, settings=settings, bases=bases_now(workspace, (record.kb_id,)),
        chat_model="",
    )  # fmt: skip
    done = ended(exams, run.run_id)
    assert (done.state, done.done, done.total, done.failed) == ("done", 2, 2, 0)
    assert (done.bases[0].name, done.bases[0].documents, done.bases[0].top_k) == ("制度", 1, 5)
    report = exams.report(run.run_id)
    assert report.judgements[0].verdict == "right"
    assert report.figures["recall@1"].value == 1.0
    search = exams.start(
        "只检索", questions[:1],
        settings=RunSettings((record.kb_id,), retrieval_only=True), bases=(), chat_model="",
    )  # fmt: skip
    assert ended(exams, search.run_id).state == "done"
    assert exams.report(search.run_id).judgements[0].rank == 1
    assert [each.run_id for each in exams.runs()] == [search.run_id, run.run_id]
    exams.close()


def test_a_run_stopped_by_the_end_of_the_process_goes_on_at_the_next_start(
    opened: Callable[[Asking], Exams],
) -> None:
    asked: list[str | int] = []
    reached = threading.Event()

    def slow(question: ExamQuestion, settings: RunSettings, stop: Callable[[], bool]) -> Any:
        asked.append(question.id)
        if question.id == "q1":
            reached.set()
            while not stop():
                time.sleep(0.005)
        return answer(question, settings, stop)

    first = opened(slow)
    run = begin(first)
    assert reached.wait(10)
    first.close()
    with first.results(run.run_id).open("a", encoding="utf-8") as file:
        file.write('{"id": "q1", "que')
    second = opened(answer)
    assert second.get(run.run_id).state == "running"
    second.resume_interrupted()
    assert ended(second, run.run_id).done == 4
    lines = second.results(run.run_id).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["q0", "q1", "q2", "q3"]
    assert asked == ["q0", "q1"]


def test_a_cancelled_run_keeps_what_was_answered_and_can_be_resumed(
    opened: Callable[[Asking], Exams],
) -> None:
    reached, halted = threading.Event(), threading.Event()

    def slow(question: ExamQuestion, settings: RunSettings, stop: Callable[[], bool]) -> Any:
        if question.id == "q2" and not halted.is_set():
            reached.set()
            while not stop():
                time.sleep(0.005)
            halted.set()
        return answer(question, settings, stop)

    exams = opened(slow)
    run, behind = begin(exams), begin(exams)
    assert reached.wait(10)
    exams.cancel(behind.run_id)
    exams.cancel(run.run_id)
    cancelled = ended(exams, run.run_id)
    assert (cancelled.state, cancelled.done) == ("cancelled", 2)
    assert ended(exams, behind.run_id).done == 0
    assert len(exams.report(run.run_id).judgements) == 4
    exams.resume(run.run_id)
    done = ended(exams, run.run_id)
    assert (done.state, done.done) == ("done", 4)
    exams.cancel(run.run_id)
    assert exams.get(run.run_id).state == "done"


def test_a_failed_question_gets_no_result_and_is_asked_again(
    opened: Callable[[Asking], Exams],
) -> None:
    failing = {"q1"}

    def sometimes(question: ExamQuestion, settings: RunSettings, stop: Callable[[], bool]) -> Any:
        if question.id in failing:
            raise GenerationError("the model died")
        return answer(question, settings, stop)

    exams = opened(sometimes)
    run = begin(exams)
    failed = ended(exams, run.run_id)
    assert (failed.state, failed.done, failed.failed) == ("failed", 3, 1)
    assert (failed.problem, failed.detail) == ("generation_failed", "the model died")
    failing.clear()
    exams.resume(run.run_id)
    done = ended(exams, run.run_id)
    assert (done.state, done.done, done.failed, done.problem) == ("done", 4, 0, "")


def test_what_no_other_question_can_mend_ends_the_run(opened: Callable[[Asking], Exams]) -> None:
    def gone(question: ExamQuestion, settings: RunSettings, stop: Callable[[], bool]) -> Any:
        raise NotFoundError("no knowledge base", kind="knowledge_base", name="kb")

    exams = opened(gone)
    failed = ended(exams, begin(exams).run_id)
    assert (failed.state, failed.problem, failed.done) == ("failed", "not_found", 0)


def test_a_run_is_deleted_and_no_name_leads_out_of_the_folder(
    opened: Callable[[Asking], Exams], tmp_path: Path
) -> None:
    exams = opened(answer)
    run = begin(exams)
    ended(exams, run.run_id)
    exams.delete(run.run_id)
    assert exams.runs() == []
    (tmp_path / "run.json").write_text("{}")
    for name in (run.run_id, "..", ".", "", "../x"):
        with pytest.raises(NotFoundError):
            exams.get(name)
