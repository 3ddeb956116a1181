"""The composition root: opens a data folder, builds each part once, hands out knowledge bases."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from filelock import FileLock

from kb.answer.candidates import Searchable
from kb.answer.chain import Answerer, Question
from kb.answer.fixed_replies import fixed_reply
from kb.answer.followups import MEMORY
from kb.answer.language import answer_language
from kb.answer.prompts import PromptFolder
from kb.answer.retrieval import Retriever
from kb.answer.tables.answers import TableAnswers
from kb.answer.tables.asking import TableAsker
from kb.answer_types import FIXED_REPLY, Answer, AnswerLanguage, AskEvent, SearchResult, Turn
from kb.backup.restoring import complete_restore
from kb.embedders.registry import open_embedder
from kb.engines import EmbedderOpener, Engines
from kb.errors import KBError, NotFoundError, SettingsError, VectorIndexError
from kb.folder import CATALOG, hold_folder
from kb.ingest.mirror import Mirror
from kb.ingest.originals import complete_removals
from kb.ingest.pace import Pace
from kb.ingest.pipeline import Pipeline
from kb.ingest.runner import JobRunner
from kb.ingest.watching import Watcher
from kb.integrity import Finding, Parts, examine
from kb.knowledge_base import KnowledgeBase
from kb.llms.base import Sampling
from kb.llms.endpoint import never
from kb.models import table
from kb.names import checked_name, folder_name, normal_name
from kb.queue import JobQueue
from kb.settings import PROJECT, Settings
from kb.store.catalog import Catalog
from kb.store.contents import Contents
from kb.store.conversations import Conversations
from kb.store.database import Database
from kb.store.documents import Documents
from kb.store.feedback import Feedback
from kb.store.folders import Folders
from kb.store.health import FileHealth
from kb.store.integrity import Integrity
from kb.store.jobs import Jobs
from kb.store.passages import Passages
from kb.store.removals import Removals
from kb.store.selections import Selections
from kb.store.sheets import Sheets
from kb.store.statutes import Statutes
from kb.store.synonyms import Synonyms
from kb.store.vectors import Vectors
from kb.store.versions import Versions
from kb.types import WHOLE, AskedBase, KnowledgeBaseRecord, SearchFilter
from loaders.limits import Limits
from loaders.sandbox import ParserPool

logger = logging.getLogger(__name__)

# Files whose passages are embedded, together, while the parsing processes read the next ones.
_EMBEDDED_AT_ONCE = 4


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
        self._lock = lock
        self._creating = threading.Lock()
        self._database = Database(settings.home / CATALOG)
        self._catalog = Catalog(self._database)
        self._documents = Documents(self._database)
        self._removals = Removals(self._database)
        self._contents = Contents(self._database)
        self._passages = Passages(self._database)
        self._vectors = Vectors(self._database)
        self._versions = Versions(self._database)
        self._sheets = Sheets(self._database)
        self._health = FileHealth(self._database)
        self._synonyms = Synonyms(self._database)
        self._selections = Selections(self._database)
        self._folders = Folders(self._database)
        self._jobs = Jobs(self._database)
        self.conversations = Conversations(self._database)
        self.feedback = Feedback(self._database)
        self.engines = Engines(
            settings,
            opener=opener,
            catalog=self._catalog,
            passages=self._passages,
            vectors=self._vectors,
            sheets=self._sheets,
        )
        self._prompts = PromptFolder(PROJECT / "prompts")
        self._parsers = parsers or ParserPool(
            settings.parse_workers,
            seconds=settings.parse_seconds,
            memory_mb=settings.parse_memory_mb,
            limits=Limits(max_pages=settings.max_pages),
        )
        self._owns_parsers = parsers is None
        pace = Pace()
        self._runner = JobRunner(
            catalog=self._catalog,
            documents=self._documents,
            contents=self._contents,
            vectors=self._vectors,
            versions=self._versions,
            jobs=self._jobs,
            folders=self._folders,
            pipeline=Pipeline(
                documents=self._documents,
                contents=self._contents,
                versions=self._versions,
                parsers=self._parsers,
                pace=pace,
                files=self._files,
                max_file_bytes=settings.max_file_mb << 20,
            ),
            pace=pace,
            provider=self.engines,
            workers=settings.parse_workers + _EMBEDDED_AT_ONCE,
        )
        self.queue = JobQueue(self._jobs, self._runner, self._files)
        self.mirror = Mirror(
            self._folders,
            self._documents,
            self._removals,
            self._jobs,
            self._runner,
            self._files,
        )
        self.watcher = Watcher(self.mirror, self._catalog.ids_in_use)
        self._retriever = Retriever(
            self._passages,
            Statutes(self._database),
            TableAnswers(self._sheets, TableAsker(self._sheets, self.engines.sheet_databases)),
            self._prompts.wordings,
        )
        self._answerer = Answerer(
            self._retriever,
            self._prompts,
            self.engines.chat,
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
            BackupError: a restore was broken off and cannot be completed.
            BusyError: another process holds the folder.
            CatalogError: its catalog cannot be used.
            SettingsError: the folder cannot be written.
        """
        lock = hold_folder(settings.home)
        try:
            complete_restore(settings.home)
            workspace = cls(settings, lock, opener=opener, parsers=parsers)
        except BaseException:
            lock.release()
            raise
        if run_jobs:
            complete_removals(workspace._removals, workspace.folder)
            workspace._runner.start()
            workspace.engines.tend_indexes()
        return workspace

    def watch_folders(self) -> None:
        """Synchronise the mirrored folders by itself from now on, until `close`."""
        self.watcher.start()

    def examine(self, *, repair: bool = False, thorough: bool = False) -> list[Finding]:
        """Prove that the data folder holds together, and mend what can be made again.

        Args:
            repair: make anew what is derived, read again what is not whole, drop what is left over.
            thorough: read every byte of indexes and originals too.
        """
        parts = Parts(
            Integrity(self._database),
            self._versions,
            self._jobs,
            self._catalog.ids_in_use,
            self.folder,
            self.engines.indexes,
            lambda kb_id, names: self._knowledge_base(kb_id).reindex(names),
        )
        return examine(parts, repair=repair, thorough=thorough)

    def close(self) -> None:
        """Stop the work, close every part, and let another process have the folder."""
        self.watcher.close()
        self._runner.close()
        if self._owns_parsers:
            self._parsers.close()
        self._retriever.close()
        self.engines.close()
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
        name = checked_name(name)
        model = table.find_embedder(embedder or self.settings.embedder, self.settings.models)
        with self._creating:
            taken = self._catalog.ids() | {"models", "exams"}
            kb_id = folder_name(name, lambda each: each in taken or self.folder(each).exists())
            record = self._catalog.create(
                kb_id,
                name,
                description=description.strip(),
                embedder=model.name,
                dim=model.dim,
                created_by=created_by,
            )
            self._files(kb_id).mkdir(parents=True, exist_ok=True)
        return record

    def knowledge_bases(self) -> list[KnowledgeBaseRecord]:
        """List the knowledge bases by name."""
        return self._catalog.all()

    def knowledge_base(self, name: str) -> KnowledgeBase:
        """Find a knowledge base by name or id.

        Raises:
            NotFoundError: there is none.
        """
        return self._knowledge_base(self._find(name).kb_id)

    def _find(self, name: str) -> KnowledgeBaseRecord:
        return self._catalog.find(normal_name(name))

    def _asked(self, names: Sequence[str]) -> list[AskedBase]:
        return self._catalog.asked([normal_name(name) for name in names])

    def _searchable(self, record: AskedBase, wanted: SearchFilter) -> Searchable:
        return self._knowledge_base(record.kb_id).searchable(record.change_number, wanted)

    def _knowledge_base(self, kb_id: str) -> KnowledgeBase:
        return KnowledgeBase(
            kb_id,
            self.folder(kb_id),
            catalog=self._catalog,
            documents=self._documents,
            removals=self._removals,
            passages=self._passages,
            versions=self._versions,
            health=self._health,
            synonyms=self._synonyms,
            selections=self._selections,
            folders=self._folders,
            jobs=self._jobs,
            runner=self._runner,
            indexes=partial(self.engines.indexes, kb_id),
            embedder=self.engines.embedder,
        )

    def rename(self, name: str, new_name: str) -> KnowledgeBaseRecord:
        """Give a knowledge base another name; its id and folder stay.

        Raises:
            DuplicateError: the new name is taken.
            NotFoundError: there is no such knowledge base.
        """
        return self._catalog.change(self._find(name).kb_id, name=checked_name(new_name))

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
        record = self._find(name)
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
        record = self._find(name)
        for job in self._jobs.page(kb_id=record.kb_id, active_only=True):
            self.queue.cancel(job.job_id)
            self.queue.wait(job.job_id)
        self._catalog.delete(record.kb_id)
        self.engines.close_knowledge_base(record.kb_id)
        folder = self.folder(record.kb_id)
        if folder.exists():
            target = self.settings.home / ".bin" / f"{time.strftime('%Y%m%d-%H%M%S')}-{folder.name}"
            target.parent.mkdir(exist_ok=True)
            folder.rename(target)

    def warm_up(self, stopped: Callable[[], bool] = never) -> None:
        """Load what first questions need, and ask each knowledge base one, for nobody to wait."""
        self.engines.warm_up()
        for record in self._catalog.all():
            if stopped():
                return
            if not record.passage_count:
                continue
            try:
                self.search([record.kb_id], record.name)
            except KBError as exc:
                logger.warning("knowledge base %s cannot be searched: %s", record.kb_id, exc)

    def folder(self, kb_id: str) -> Path:
        """The folder of a knowledge base."""
        return self.engines.folder(kb_id)

    def _files(self, kb_id: str) -> Path:
        """Where the originals of a knowledge base are."""
        return self.folder(kb_id) / "files"

    def prompts(self) -> list[str]:
        """Names of the prompts that a knowledge base may answer with."""
        return self._prompts.answer_prompts()

    # Questions

    def search(
        self,
        names: Sequence[str],
        question: str,
        *,
        top_k: int | None = None,
        wanted: SearchFilter = WHOLE,
    ) -> SearchResult:
        """Find passages in one or several knowledge bases, best first.

        Other documents than those ``wanted`` are left out before anything is ranked.

        Raises:
            NotFoundError: a knowledge base does not exist.
        """
        started = time.monotonic()
        records = self._asked(names)
        retrieval = self._retriever.retrieve(
            [self._searchable(record, wanted) for record in records],
            question,
            top_k=top_k or max(record.top_k for record in records),
            wanted=wanted,
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
        follow_up: bool = True,
        language: AnswerLanguage | None = None,
        wanted: SearchFilter = WHOLE,
        created_by: str = "",
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[AskEvent]:
        """Answer from one or several knowledge bases: passages, tokens, then one `Answer`.

        Args:
            conversation: the talk that the question belongs to; None begins one, "" keeps nothing.
            turns: what was said before, oldest first, in a talk that is not kept here.
            follow_up: whether what was said may complete the question; else it is asked as typed.
            language: of the answer; None takes the setting.
            wanted: the documents that may be answered from.

        Raises:
            NotFoundError: a knowledge base or the conversation does not exist.
            GenerationError: the chat model failed.
        """
        records = self._asked(names)
        if conversation:
            turns = self.conversations.turns(conversation, MEMORY)
        turns = turns[-MEMORY:]
        spoken = answer_language(
            language or self.settings.answer_language, question, [turn.question for turn in turns]
        )
        asked = Question(
            text=question,
            bases=[self._searchable(record, wanted) for record in records],
            top_k=top_k or max(record.top_k for record in records),
            threshold=records[0].threshold if threshold is None else threshold,
            prompt=self._prompts.answer_prompt(records[0].prompt, spoken),
            turns=turns,
            conversation=conversation or "",
            follow_up=follow_up,
            language=spoken,
            wanted=wanted,
        )
        for event in self._answering(records, asked, cancelled):
            if not isinstance(event, Answer):
                yield event
                continue
            if conversation is None:
                # Begun only now: a question that failed leaves no empty talk behind.
                conversation = self.conversations.create(
                    question, [record.kb_id for record in records], created_by=created_by
                )
            answer = replace(event, conversation=conversation)
            try:
                if conversation:
                    self.conversations.add(conversation, answer, created_by=created_by)
                    self._retitle(conversation, answer)
            except NotFoundError:
                # Deleted while the answer was written: whoever asked still gets it.
                answer = replace(event, conversation="")
            yield answer

    def _retitle(self, conversation: str, answer: Answer) -> None:
        """Name a talk that began with a greeting after its first question."""
        title = self.conversations.get(conversation).title
        if answer.model != FIXED_REPLY and fixed_reply(title, self._prompts.replies()) is not None:
            self.conversations.rename(conversation, answer.question)

    def _answering(
        self,
        records: Sequence[AskedBase],
        question: Question,
        cancelled: Callable[[], bool],
    ) -> Iterator[AskEvent]:
        try:
            yield from self._answerer.ask(question, cancelled)
        except VectorIndexError:
            # The indexes of a knowledge base that was deleted meanwhile are closed.
            for record in records:
                self._catalog.get(record.kb_id)
            raise
