"""Exams of a data folder: questions answered one after the other, kept, cancelled and resumed.

A run is a folder of plain files: ``run.json``, ``questions.jsonl``, ``results.jsonl``. Results are
appended once and never changed, in the form that `kb eval` writes; nothing else refers to them. So
the catalog would only grow by texts that no query looks into, and a folder can be copied or sent.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import queue
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from kb.errors import BackendError, CancelledError, KBError, NotFoundError
from kb.exam.questions import ExamQuestion, line_of, parse_questions
from kb.exam.report import Report, make_report
from kb.exam.results import Outcome, mend, read_outcomes, write_line

logger = logging.getLogger(__name__)

RunState = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE = ("queued", "running")
# A model that failed so often without one answer between will not answer the rest either.
_MOST_FAILURES = 5
_REPORTS_KEPT = 4
_RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What is asked for: knowledge bases by id; None leaves their own settings."""

    knowledge_bases: tuple[str, ...]
    retrieval_only: bool = False
    top_k: int | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class BaseThen:
    """A knowledge base as it was when the run began."""

    name: str
    documents: int
    passages: int
    embedder: str
    top_k: int
    threshold: float
    prompt: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run. Times are seconds since the epoch; ``seconds`` is how long it has worked in all.

    ``problem`` is the code of the error that made the latest question fail, ``detail`` its text.
    ``figures`` are the measures of a run that has ended, without their intervals.
    """

    run_id: str
    name: str
    settings: RunSettings
    bases: tuple[BaseThen, ...]
    chat_model: str
    created_at: float
    state: RunState
    total: int
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    finished_at: float | None = None
    problem: str = ""
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


Ask = Callable[[ExamQuestion, RunSettings, Callable[[], bool]], Mapping[str, Any]]
"""Answers a question, or only looks for passages, as a line of results; is told when to stop."""


class Exams:
    """The runs under one folder, worked off one at a time by one thread; thread-safe."""

    def __init__(self, folder: Path, ask: Ask) -> None:
        self._folder = folder
        self._ask = ask
        self._lock = threading.RLock()
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._active: dict[str, RunRecord] = {}
        self._cancelled: set[str] = set()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._reports: dict[tuple[str, int], Report] = {}

    def start(
        self,
        name: str,
        questions: Sequence[ExamQuestion],
        *,
        settings: RunSettings,
        bases: Sequence[BaseThen],
        chat_model: str,
    ) -> RunRecord:
        """Keep the questions and queue the run."""
        run_id = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(3)
        record = RunRecord(
            run_id=run_id,
            name=name,
            settings=settings,
            bases=tuple(bases),
            chat_model=chat_model,
            created_at=time.time(),
            state="queued",
            total=len(questions),
        )
        folder = self._folder / run_id
        folder.mkdir(parents=True)
        with (folder / "questions.jsonl").open("w", encoding="utf-8") as file:
            for question in questions:
                write_line(file, line_of(question))
        self._save(record)
        self._queue(record)
        return record

    def runs(self) -> list[RunRecord]:
        """List the runs, the newest first."""
        names = [path.parent.name for path in self._folder.glob("*/run.json")]
        # Somebody may have copied a folder: only what has a run's own name is one.
        found = [self.get(name) for name in names if _RUN_ID.fullmatch(name)]
        return sorted(found, key=lambda record: record.created_at, reverse=True)

    def get(self, run_id: str) -> RunRecord:
        """Return a run as it is now.

        Raises:
            NotFoundError: there is none.
        """
        with self._lock:
            if run_id in self._active:
                return self._active[run_id]
            path = self._run_folder(run_id) / "run.json"
            return _record(json.loads(path.read_text(encoding="utf-8")))

    def questions(self, run_id: str) -> list[ExamQuestion]:
        """Return the questions of a run.

        Raises:
            NotFoundError: there is no such run.
        """
        path = self._run_folder(run_id) / "questions.jsonl"
        return parse_questions(path.name, path.read_bytes())

    def results(self, run_id: str) -> Path:
        """Return the file of a run's results, which may not be there yet.

        Raises:
            NotFoundError: there is no such run.
        """
        return self._run_folder(run_id) / "results.jsonl"

    def report(self, run_id: str) -> Report:
        """Judge and measure what was answered so far.

        Raises:
            NotFoundError: there is no such run.
        """
        outcomes = read_outcomes(self.results(run_id))
        key = (run_id, len(outcomes))
        with self._lock:
            kept = self._reports.get(key)
        if kept is not None:
            return kept
        # Seconds for hundreds of answers: nobody else waits for it.
        report = make_report(self.questions(run_id), outcomes)
        with self._lock:
            self._reports[key] = report
            while len(self._reports) > _REPORTS_KEPT:
                del self._reports[next(iter(self._reports))]
        return report

    def cancel(self, run_id: str) -> None:
        """Stop a run at the next token; what was answered stays.

        Raises:
            NotFoundError: there is no such run.
        """
        with self._lock:
            record = self.get(run_id)
            if record.state not in ACTIVE:
                return
            self._cancelled.add(run_id)
            if record.state == "queued":
                self._finish(record, "cancelled")

    def resume(self, run_id: str) -> None:
        """Go on with a run that has ended: what has no result yet is asked.

        Raises:
            NotFoundError: there is no such run.
        """
        with self._lock:
            record = self.get(run_id)
            if record.state not in ACTIVE:
                self._queue(replace(record, state="queued", failed=0, problem="", detail=""))

    def resume_interrupted(self) -> None:
        """Go on with the runs that were under way when the process ended."""
        for record in reversed(self.runs()):
            with self._lock:
                if record.state in ACTIVE and record.run_id not in self._active:
                    self._queue(replace(record, state="queued"))

    def delete(self, run_id: str) -> None:
        """Delete a run that is not under way.

        Raises:
            NotFoundError: there is no such run.
        """
        with self._lock:
            if self.get(run_id).state not in ACTIVE:
                shutil.rmtree(self._run_folder(run_id))

    def close(self) -> None:
        """Stop at the next token; `resume_interrupted` goes on from there."""
        self._closing.set()
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run_folder(self, run_id: str) -> Path:
        folder = self._folder / run_id
        # The name comes from an address: it must not lead out of the folder.
        if not _RUN_ID.fullmatch(run_id) or not (folder / "run.json").is_file():
            raise NotFoundError(f"no exam {run_id}", kind="exam", name=run_id)
        return folder

    def _queue(self, record: RunRecord) -> None:
        with self._lock:
            self._cancelled.discard(record.run_id)
            self._active[record.run_id] = record
            self._save(record)
            self._waiting.put(record.run_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="exams", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._closing.is_set():
            run_id = self._waiting.get()
            with self._lock:
                record = self._active.get(run_id) if run_id else None
            if record is None:
                continue
            try:
                self._run(replace(record, state="running"))
            except Exception as exc:
                logger.exception("exam %s failed", record.run_id)
                code = exc.code if isinstance(exc, KBError) else "internal"
                with self._lock:
                    latest = self._active.get(record.run_id, record)
                    self._finish(replace(latest, problem=code, detail=str(exc)), "failed")

    def _run(self, record: RunRecord) -> None:
        path = self.results(record.run_id)
        mend(path)
        outcomes: dict[str | int, Outcome] = read_outcomes(path)
        questions = self.questions(record.run_id)
        waiting = [question for question in questions if question.id not in outcomes]
        record = replace(record, done=len(questions) - len(waiting))
        self._update(record)
        in_a_row = 0
        with path.open("a", encoding="utf-8") as file:
            for question in waiting:
                if self._stopped(record.run_id):
                    break
                began = time.monotonic()
                try:
                    line = self._ask(question, record.settings, self._stopper(record.run_id))
                except BackendError as exc:
                    # The model may answer the next one; this one is asked again on resuming.
                    in_a_row += 1
                    logger.warning("a question of exam %s failed: %s", record.run_id, exc)
                    record = replace(
                        record, failed=record.failed + 1, problem=exc.code, detail=str(exc)
                    )
                    if in_a_row >= _MOST_FAILURES:
                        break
                except CancelledError:
                    break
                else:
                    if self._stopped(record.run_id):
                        # It was broken off in the middle.
                        break
                    in_a_row = 0
                    write_line(file, {"id": question.id, **line})
                    record = replace(record, done=record.done + 1)
                taken = time.monotonic() - began
                record = replace(record, seconds=record.seconds + taken)
                self._update(record)
        if self._closing.is_set() and record.run_id not in self._cancelled:
            self._save(record)
            return
        figures = self.report(record.run_id).figures
        record = replace(
            record,
            figures={name: each.value for name, each in figures.items() if each.value is not None},
        )
        if record.run_id in self._cancelled:
            self._finish(record, "cancelled")
        else:
            self._finish(record, "failed" if record.failed else "done")

    def _stopped(self, run_id: str) -> bool:
        return self._closing.is_set() or run_id in self._cancelled

    def _stopper(self, run_id: str) -> Callable[[], bool]:
        return lambda: self._stopped(run_id)

    def _update(self, record: RunRecord) -> None:
        with self._lock:
            self._active[record.run_id] = record

    def _finish(self, record: RunRecord, state: RunState) -> None:
        with self._lock:
            self._save(replace(record, state=state, finished_at=time.time()))
            self._active.pop(record.run_id, None)

    def _save(self, record: RunRecord) -> None:
        path = self._folder / record.run_id / "run.json"
        content = json.dumps(dataclasses.asdict(record), ensure_ascii=False, indent=1)
        with self._lock:
            temporary = path.with_suffix(".tmp")
            temporary.write_text(content, encoding="utf-8")
            temporary.replace(path)


def _record(content: Mapping[str, Any]) -> RunRecord:
    settings = dict(content["settings"])
    settings["knowledge_bases"] = tuple(settings["knowledge_bases"])
    return RunRecord(
        **{
            **content,
            "settings": RunSettings(**settings),
            "bases": tuple(BaseThen(**each) for each in content["bases"]),
        }
    )
