"""The composition root: opens a data folder, builds each part once, hands out knowledge bases."""

from __future__ import annotations

import logging
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from kb.answer.chain import Answerer, Question
from kb.answer.followups import MEMORY
from kb.answer.prompts import PromptFolder
from kb.answer.retrieval import Retriever
from kb.embedders.base import Embedder
from kb.embedders.registry import open_embedder
from kb.errors import BusyError, KBError, NotFoundError, SettingsError
from kb.ingest.indexing import IndexKeeper
from kb.ingest.pipeline import Pipeline
from kb.ingest.runner import JobRunner
from kb.knowledge_base import KnowledgeBase
from kb.llms.base import Sampling
from kb.llms.endpoint import ChatEndpoint, ChatState, never
from kb.llms.service import ChatService
from kb.models import table
from kb.models.machine import physical_cores
from kb.models.table import EmbedderModel
from kb.settings import PROJECT, Settings
from kb.store.catalog import Catalog
from kb.store.contents import Contents
from kb.store.conversations import Conversations
from kb.store.database import Database
from kb.store.documents import Documents
from kb.store.health import FileHealth
from kb.store.jobs import FINISHED_STATES, Jobs, QueuedItem
from kb.types import (
    Answer,
    AskEvent,
    ConversationRecord,
    JobItem,
    JobRecord,
    KnowledgeBaseRecord,
    MessageRecord,
    SearchResult,
    Turn,
)
from loaders.limits import Limits
from loaders.sandbox import ParserPool

logger = logging.getLogger(__name__)

DEFAULT_CHAT_MODEL = "qwen2.5-coder-1.5b"
_CHAT_OPTION = "chat_model"
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_ID_BYTES = 120


class EmbedderOpener(Protocol):
    """Opens an embedder of the model table."""

    def __call__(self, model: EmbedderModel, *, folder: Path, threads: int) -> Embedder:
        """Open ``model`` with its files under ``folder``."""
        ...


class Workspace:
    """A data folder with everything in it; one for each process and folder, thread-safe."""

    def __init__(
        self,
        settings: Settings,
        lock: FileLock,
        *,
        opener: EmbedderOpener,
        parsers: ParserPool | None,
    ) -> None:
        self.settings = settings
        self._open_embedder = opener
        self._lock = lock
        self._database = Database(settings.home / "catalog.db")
        self._catalog = Catalog(self._database)
        self._documents = Documents(self._database)
        self._contents = Contents(self._database)
        self._health = FileHealth(self._database)
        self._jobs = Jobs(self._database)
        self._conversations = Conversations(self._database)
        self._prompts = PromptFolder(PROJECT / "prompts")
        self._building = threading.RLock()
        self._embedders: dict[str, Embedder] = {}
        self._indexes: dict[str, IndexKeeper] = {}
        self._chat: ChatEndpoint | None = None
        self._parsers = parsers or ParserPool(
            settings.parse_workers,
            seconds=settings.parse_seconds,
            memory_mb=settings.parse_memory_mb,
            limits=Limits(max_pages=settings.max_pages),
        )
        self._owns_parsers = parsers is None
        self._runner = JobRunner(
            catalog=self._catalog,
            documents=self._documents,
            contents=self._contents,
            jobs=self._jobs,
            pipeline=Pipeline(
                documents=self._documents,
                contents=self._contents,
                parsers=self._parsers,
                files=lambda kb_id: self.folder(kb_id) / "files",
                max_file_bytes=settings.max_file_mb << 20,
            ),
            provider=self,
            workers=settings.parse_workers,
        )
        self._retriever = Retriever(self._contents)
        self._answerer = Answerer(
            self._retriever,
            self._prompts,
            lambda: self.chat(),
            sampling=Sampling(max_tokens=384),
        )

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        run_jobs: bool = True,
        opener: EmbedderOpener = open_embedder,
        parsers: ParserPool | None = None,
    ) -> Workspace:
        """Open the data folder, making it if need be, and go on with its jobs.

        Args:
            run_jobs: False leaves the queue alone.
            opener: opens embedders; another one than the registry's serves embedders of one's own.
            parsers: shared parsing processes, left open by `close`; None starts own ones.

        Raises:
            BusyError: another process holds the folder.
            CatalogError: its catalog cannot be used.
            SettingsError: the folder cannot be written.
        """
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
            lock = FileLock(settings.home / ".lock")
            lock.acquire(timeout=0)
        except Timeout as exc:
            raise BusyError(
                f"another process holds {settings.home}", path=str(settings.home)
            ) from exc
        except OSError as exc:
            raise SettingsError(
                f"KB_HOME: {settings.home}: {exc.strerror}",
                name="KB_HOME",
                problem=f"{settings.home}: {exc.strerror}",
            ) from exc
        try:
            workspace = cls(settings, lock, opener=opener, parsers=parsers)
        except BaseException:
            lock.release()
            raise
        if run_jobs:
            workspace._runner.start()
        return workspace

    def close(self) -> None:
        """Stop the work, close every part, and let another process have the folder."""
        self._runner.close()
        if self._owns_parsers:
            self._parsers.close()
        with self._building:
            if self._chat is not None:
                self._chat.close()
            for keeper in self._indexes.values():
                keeper.close()
            for embedder in self._embedders.values():
                embedder.close()
        self._database.close()
        self._lock.release()

    # Knowledge bases

    def create(
        self, name: str, *, description: str = "", embedder: str | None = None, created_by: str = ""
    ) -> KnowledgeBaseRecord:
        """Make a knowledge base; its folder is named after it once and for all.

        Raises:
            DuplicateError: the name is taken.
            NotFoundError: there is no such embedder.
            SettingsError: the name is empty or too long.
        """
        name = _checked_name(name)
        model = table.find_embedder(embedder or self.settings.embedder, self.settings.models)
        with self._building:
            kb_id = self._new_id(name)
            record = self._catalog.create(
                kb_id,
                name,
                description=description.strip(),
                embedder=model.name,
                dim=model.dim,
                created_by=created_by,
            )
            (self.folder(kb_id) / "files").mkdir(parents=True, exist_ok=True)
        return record

    def knowledge_bases(self) -> list[KnowledgeBaseRecord]:
        """List the knowledge bases by name."""
        return self._catalog.all()

    def knowledge_base(self, name: str) -> KnowledgeBase:
        """Find a knowledge base by name or id.

        Raises:
            NotFoundError: there is none.
        """
        return self._knowledge_base(self._find(name))

    def _find(self, name: str) -> KnowledgeBaseRecord:
        return self._catalog.find(unicodedata.normalize("NFC", name))

    def _knowledge_base(self, record: KnowledgeBaseRecord) -> KnowledgeBase:
        return KnowledgeBase(
            record.kb_id,
            self.folder(record.kb_id),
            catalog=self._catalog,
            documents=self._documents,
            contents=self._contents,
            health=self._health,
            jobs=self._jobs,
            runner=self._runner,
            indexes=self.indexes(record.kb_id),
            embedder=self.embedder,
        )

    def rename(self, name: str, new_name: str) -> KnowledgeBaseRecord:
        """Give a knowledge base another name; its id and folder stay.

        Raises:
            DuplicateError: the new name is taken.
            NotFoundError: there is no such knowledge base.
        """
        return self._catalog.change(self._catalog.find(name).kb_id, name=_checked_name(new_name))

    def configure(
        self,
        name: str,
        *,
        description: str | None = None,
        top_k: int | None = None,
        threshold: float | None = None,
        prompt: str | None = None,
        embedder: str | None = None,
        created_by: str = "",
    ) -> KnowledgeBaseRecord:
        """Change settings of a knowledge base; another embedder starts a re-index job.

        Raises:
            NotFoundError: there is no such knowledge base, prompt or embedder.
            SettingsError: a value is out of its range.
        """
        record = self._catalog.find(name)
        values: dict[str, object] = {}
        if description is not None:
            values["description"] = description.strip()
        if top_k is not None:
            if not 1 <= top_k <= 50:
                raise SettingsError("top_k lies between 1 and 50", name="top_k", problem="1-50")
            values["top_k"] = top_k
        if threshold is not None:
            if not 0 <= threshold <= 1:
                raise SettingsError(
                    "threshold lies between 0 and 1", name="threshold", problem="0-1"
                )
            values["threshold"] = threshold
        if prompt is not None:
            values["prompt"] = self._prompts.load(prompt).name
        if values:
            record = self._catalog.change(record.kb_id, **values)
        if embedder is not None and embedder != record.embedder:
            model = table.find_embedder(embedder, self.settings.models)
            self._jobs.create(
                record.kb_id, "reindex", payload={"embedder": model.name}, created_by=created_by
            )
            self._runner.wake()
        return record

    def delete(self, name: str) -> None:
        """Delete a knowledge base: nothing finds it any more, its originals go to the bin.

        Raises:
            NotFoundError: there is no such knowledge base.
        """
        record = self._catalog.find(name)
        for job in self._jobs.page(kb_id=record.kb_id, active_only=True):
            self.cancel_job(job.job_id)
            self.wait(job.job_id)
        self._catalog.delete(record.kb_id)
        with self._building:
            keeper = self._indexes.pop(record.kb_id, None)
        if keeper is not None:
            keeper.close()
        folder = self.folder(record.kb_id)
        if folder.exists():
            target = self.settings.home / ".bin" / f"{time.strftime('%Y%m%d-%H%M%S')}-{folder.name}"
            target.parent.mkdir(exist_ok=True)
            folder.rename(target)

    def folder(self, kb_id: str) -> Path:
        """The folder of a knowledge base."""
        return self.settings.home / kb_id

    def prompts(self) -> list[str]:
        """Names of the prompts that a knowledge base may answer with."""
        return self._prompts.answer_prompts()

    # Jobs

    def jobs(
        self, *, kb_id: str | None = None, active_only: bool = False, limit: int = 50
    ) -> list[JobRecord]:
        """List jobs, the newest first."""
        return self._jobs.page(kb_id=kb_id, active_only=active_only, limit=limit)

    def job(self, job_id: str) -> JobRecord:
        """Get one job.

        Raises:
            NotFoundError: there is none.
        """
        return self._jobs.get(job_id)

    def job_items(
        self,
        job_id: str,
        *,
        offset: int = 0,
        limit: int | None = 200,
        states: Sequence[str] | None = None,
    ) -> list[JobItem]:
        """List the files of a job."""
        return self._jobs.items(job_id, offset=offset, limit=limit, states=states)

    def cancel_job(self, job_id: str) -> JobRecord:
        """Ask a job to stop; what it has finished stays.

        Raises:
            NotFoundError: there is no such job.
        """
        job = self._jobs.request_cancel(job_id)
        self._runner.wake()
        return job

    def retry_job(
        self, job_id: str, *, password: str | None = None, created_by: str = ""
    ) -> JobRecord:
        """Queue the failed and cancelled files of a job again, as a new job.

        ``password`` opens those that are encrypted; it is forgotten with the job.

        Raises:
            NotFoundError: there is no such job, or nothing in it to try again.
        """
        job = self._jobs.get(job_id)
        originals = self.folder(job.kb_id) / "files"
        items = []
        for item in self._jobs.items(job_id, states=("failed", "cancelled")):
            kept = originals / item.document
            path = item.path if Path(item.path).exists() or not kept.exists() else str(kept)
            items.append(QueuedItem(path, item.document))
        if not items:
            raise NotFoundError(f"job {job_id} has no failed file", kind="failed_file", name=job_id)
        # What was read again is read again in the same way: its content is known, so that an add
        # would leave it as it is.
        kind = "read_again" if job.kind == "read_again" else "add"
        forced = bool(self._jobs.payload(job_id).get("force_ocr"))
        return self._runner.queue(
            lambda: self._jobs.create(
                job.kb_id,
                kind,
                items,
                payload={"force_ocr": True} if forced else None,
                created_by=created_by,
            ),
            password,
        )

    def wait(
        self,
        job_id: str,
        *,
        on_progress: Callable[[JobRecord], None] | None = None,
        timeout: float | None = None,
    ) -> JobRecord:
        """Wait until a job has ended; after ``timeout`` seconds, return it as it is."""
        started = time.monotonic()
        while True:
            job = self._jobs.get(job_id)
            if on_progress is not None:
                on_progress(job)
            late = timeout is not None and time.monotonic() - started > timeout
            if job.state in FINISHED_STATES or late:
                return job
            time.sleep(0.1)

    # Questions

    def search(
        self, names: Sequence[str], question: str, *, top_k: int | None = None
    ) -> SearchResult:
        """Find passages in one or several knowledge bases, best first.

        Raises:
            NotFoundError: a knowledge base does not exist.
        """
        started = time.monotonic()
        records = [self._find(name) for name in names]
        retrieval = self._retriever.retrieve(
            [self._knowledge_base(record).searchable() for record in records],
            question,
            top_k=top_k or max(record.top_k for record in records),
        )
        return SearchResult(
            question=question,
            hits=retrieval.hits,
            answerable=retrieval.answerable,
            milliseconds=round((time.monotonic() - started) * 1000, 1),
        )

    def ask(
        self,
        names: Sequence[str],
        question: str,
        *,
        top_k: int | None = None,
        threshold: float | None = None,
        conversation: str | None = None,
        turns: Sequence[Turn] = (),
        created_by: str = "",
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[AskEvent]:
        """Answer from one or several knowledge bases: passages, tokens, then one `Answer`.

        Args:
            conversation: the talk that the question belongs to; None begins one, "" keeps nothing.
            turns: what was said before, oldest first, in a talk that is not kept here.

        Raises:
            NotFoundError: a knowledge base or the conversation does not exist.
            GenerationError: the chat model failed.
        """
        records = [self._find(name) for name in names]
        if conversation:
            turns = self._conversations.turns(conversation, MEMORY)
        if conversation is None:
            conversation = self._conversations.create(
                question, [record.kb_id for record in records], created_by=created_by
            )
        asked = Question(
            text=question,
            bases=[self._knowledge_base(record).searchable() for record in records],
            top_k=top_k or max(record.top_k for record in records),
            threshold=records[0].threshold if threshold is None else threshold,
            prompt=self._prompts.load(records[0].prompt),
            turns=turns[-MEMORY:],
            conversation=conversation,
        )
        for event in self._answerer.ask(asked, cancelled):
            if isinstance(event, Answer) and conversation:
                self._conversations.add(conversation, event, created_by=created_by)
            yield event

    def conversations(self, *, limit: int = 100) -> list[ConversationRecord]:
        """List conversations, the last used first."""
        return self._conversations.page(limit=limit)

    def messages(self, conversation_id: str) -> list[MessageRecord]:
        """List the messages of a conversation.

        Raises:
            NotFoundError: there is no such conversation.
        """
        return self._conversations.messages(conversation_id)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self._conversations.rename(conversation_id, title.strip())

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation with all its messages."""
        self._conversations.delete(conversation_id)

    # Models

    def chat(self) -> ChatEndpoint:
        """The chat model that is in use; nothing is started.

        Raises:
            NotFoundError: the chosen model is not in the table.
        """
        with self._building:
            name = self.chat_model()
            if self._chat is not None and self._chat.name != name:
                self._chat.close()
                self._chat = None
            if self._chat is None:
                self._chat = ChatService(
                    table.find_chat_model(name, self.settings.models),
                    folder=self.settings.models,
                    threads=self.settings.threads or physical_cores(),
                )
            return self._chat

    def chat_model(self) -> str:
        """The name of the chat model that is in use."""
        chosen = self.settings.chat_model or self._catalog.option(_CHAT_OPTION)
        return str(chosen or DEFAULT_CHAT_MODEL)

    def use_chat_model(self, name: str) -> None:
        """Answer with another chat model from the next question on.

        Raises:
            NotFoundError: there is no such model.
        """
        self._catalog.set_option(
            _CHAT_OPTION, table.find_chat_model(name, self.settings.models).name
        )

    def chat_state(self) -> ChatState:
        """Where the chat model stands; never blocks."""
        return self.chat().state

    def warm_up(self) -> None:
        """Load what the first question needs: embedders, indexes, beside them the chat model."""
        try:
            chat = self.chat()
            if isinstance(chat, ChatService) and chat.state.name == "idle":
                chat.start()
        except KBError as exc:
            logger.warning("the chat model cannot be loaded: %s", exc)
        for record in self.knowledge_bases():
            try:
                self.embedder(record.embedder)
                self.indexes(record.kb_id).catch_up()
            except KBError as exc:
                logger.warning("knowledge base %s cannot be opened: %s", record.kb_id, exc)

    def embedder(self, name: str) -> Embedder:
        """Open an embedder, or return the one that is open.

        Raises:
            BackendUnavailableError: its files or package are not here.
            NotFoundError: it is not in the table.
        """
        with self._building:
            if name not in self._embedders:
                self._embedders[name] = self._open_embedder(
                    table.find_embedder(name, self.settings.models),
                    folder=self.settings.models,
                    threads=self.settings.threads,
                )
            return self._embedders[name]

    def indexes(self, kb_id: str) -> IndexKeeper:
        """The indexes of a knowledge base, opened at first use."""
        with self._building:
            if kb_id not in self._indexes:
                record = self._catalog.get(kb_id)
                model = table.find_embedder(record.embedder, self.settings.models)
                self._indexes[kb_id] = IndexKeeper(
                    self.folder(kb_id),
                    kb_id,
                    catalog=self._catalog,
                    contents=self._contents,
                    embedder_id=model.name,
                    dim=model.dim,
                )
            return self._indexes[kb_id]

    def _new_id(self, name: str) -> str:
        """A folder name after the knowledge base's name that was never used."""
        base = _UNSAFE.sub("_", name).strip(" .") or "kb"
        while len(base.encode()) > _ID_BYTES:
            base = base[:-1]
        taken = self._catalog.ids() | {"models"}
        candidate, number = base, 1
        while candidate in taken or self.folder(candidate).exists():
            number += 1
            candidate = f"{base}-{number}"
        return candidate


def _checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise SettingsError("the name is empty", name="name", problem="empty")
    if len(name) > 80:
        raise SettingsError("the name has more than 80 characters", name="name", problem="long")
    return name
