"""What the front doors can do, in their own models, on a workspace of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from app.api.answers import AnswerEvent, PassagesEvent, SearchModel, TokenEvent
from app.api.folder_models import (
    FolderList,
    FolderSettingsRequest,
    LinkRequest,
    SyncReport,
    SyncRequest,
    UnlinkRequest,
)
from app.api.models import (
    AddedFile,
    AddReport,
    DocumentList,
    DocumentModel,
    ExaminedModel,
    HealthReportModel,
    JobItems,
    JobList,
    JobModel,
    KnowledgeBaseList,
    KnowledgeBaseModel,
    ModelList,
    ShownModel,
    SynonymsModel,
    VersionList,
)
from app.api.requests import (
    AskRequest,
    ConfigureRequest,
    CreateRequest,
    DocumentsRequest,
    SearchRequest,
    SynonymsRequest,
)
from app.convert import (
    added_file,
    ask_model,
    citation_models,
    document_model,
    finding_model,
    health_report_model,
    job_model,
    knowledge_base_model,
    page_part_model,
    passage_model,
    search_filter,
    search_model,
    synonyms_model,
    version_model,
)
from app.mirroring import Mirroring
from app.models import checked_chat_model, model_list
from app.shown import Shown
from app.strings import Language
from kb.answer_types import Answer, AskEvent, PassagesFound, Turn
from kb.types import DocumentFilter, DocumentState, Health, JobRecord

if TYPE_CHECKING:
    from kb.workspace import Workspace

AskEventModel = PassagesEvent | TokenEvent | AnswerEvent
OnProgress = Callable[[JobModel], None]
PAGE_SIZE = 500


class LocalOperations:
    """The operations on a workspace of this process."""

    def __init__(self, workspace: Workspace, language: Language) -> None:
        self._workspace = workspace
        self._language = language
        self._mirroring = Mirroring(workspace, language)

    def create(self, request: CreateRequest) -> KnowledgeBaseModel:
        """Make a knowledge base."""
        record = self._workspace.create(
            request.name, description=request.description, embedder=request.embedder
        )
        return knowledge_base_model(record)

    def knowledge_bases(self) -> KnowledgeBaseList:
        """List the knowledge bases."""
        records = self._workspace.knowledge_bases()
        return KnowledgeBaseList(knowledge_bases=[knowledge_base_model(each) for each in records])

    def knowledge_base(self, name: str) -> KnowledgeBaseModel:
        """Return one knowledge base."""
        return knowledge_base_model(self._workspace.knowledge_base(name).record)

    def configure(self, name: str, request: ConfigureRequest) -> KnowledgeBaseModel:
        """Rename or change a knowledge base; the new name is taken only when all else is right."""
        kb_id = self._workspace.knowledge_base(name).record.kb_id
        changes = request.model_dump(exclude={"name"}, exclude_none=True)
        record = self._workspace.knowledge_base(kb_id).record
        if changes:
            record = self._workspace.configure(kb_id, **changes)
        if request.name is not None and request.name != record.name:
            record = self._workspace.rename(kb_id, request.name)
        return knowledge_base_model(record)

    def delete(self, name: str) -> KnowledgeBaseModel:
        """Move a knowledge base to the bin and return what it was."""
        record = self._workspace.knowledge_base(name).record
        self._workspace.delete(record.kb_id)
        return knowledge_base_model(record)

    def add(
        self,
        name: str,
        paths: Sequence[Path],
        *,
        password: str | None = None,
        wait: bool = True,
        on_progress: OnProgress | None = None,
    ) -> AddReport:
        """Add files and folders of this machine."""
        job = self.start_add(name, paths, password=password)
        if wait:
            self.wait(job.job_id, on_progress=on_progress)
        return self.add_report(job.job_id)

    def wait(self, job_id: str, *, on_progress: OnProgress | None = None) -> JobModel:
        """Wait until a job has ended."""

        def report(record: JobRecord) -> None:
            if on_progress is not None:
                on_progress(job_model(record, self._language))

        return job_model(self._workspace.queue.wait(job_id, on_progress=report), self._language)

    def start_add(
        self, name: str, paths: Sequence[Path], *, password: str | None = None
    ) -> JobModel:
        """Queue an add and return its job."""
        record = self._workspace.knowledge_base(name).add(list(paths), password=password)
        return job_model(record, self._language)

    def add_report(self, job_id: str) -> AddReport:
        """Say what became of every file of an add."""
        record = self._workspace.queue.get(job_id)
        files: list[AddedFile] = []
        offset = 0
        while items := self._workspace.queue.items(job_id, offset=offset, limit=PAGE_SIZE):
            files.extend(added_file(item, self._language) for item in items)
            offset += len(items)
        started, finished = record.started_at, record.finished_at
        seconds = finished - started if started is not None and finished is not None else 0.0
        return AddReport(files=files, seconds=round(seconds, 3), job=job_id)

    def documents(self, name: str, wanted: DocumentsRequest) -> DocumentList:
        """List documents."""
        knowledge_base = self._workspace.knowledge_base(name)
        chosen = DocumentFilter(
            states=(cast("DocumentState", wanted.state),) if wanted.state else None,
            health=tuple(cast("list[Health]", wanted.health.split(","))) if wanted.health else None,
            contains=wanted.contains,
        )
        records = knowledge_base.documents(
            chosen,
            offset=wanted.offset,
            limit=wanted.limit,
            order=wanted.order,
            descending=wanted.descending,
        )
        ids = [record.document_id for record in records]
        found = knowledge_base.page_health(ids) if wanted.pages else {}
        return DocumentList(
            documents=[
                document_model(record, self._language, pages=found.get(record.document_id))
                for record in records
            ],
            total=knowledge_base.document_count(chosen),
        )

    def document(self, name: str, document: str | int) -> DocumentModel:
        """Return one document with the health of its pages."""
        knowledge_base = self._workspace.knowledge_base(name)
        record = knowledge_base.document(document)
        pages = knowledge_base.page_health([record.document_id])[record.document_id]
        return document_model(record, self._language, pages=pages)

    def health(self, name: str) -> HealthReportModel:
        """Sum up how well the files of a knowledge base were read."""
        report = self._workspace.knowledge_base(name).health_report()
        return health_report_model(report, self._language)

    def synonyms(self, name: str) -> SynonymsModel:
        """List the words that a knowledge base takes for one another."""
        return synonyms_model(self._workspace.knowledge_base(name).synonyms())

    def set_synonyms(self, name: str, request: SynonymsRequest) -> SynonymsModel:
        """Write other synonyms in place of all."""
        return synonyms_model(self._workspace.knowledge_base(name).set_synonyms(request.text))

    def versions(self, name: str, document: str) -> VersionList:
        """List what a document was before it changed."""
        found = self._workspace.knowledge_base(name).versions(document)
        return VersionList(
            document=found[0].document if found else document,
            versions=[version_model(each) for each in found],
        )

    def show(
        self, name: str, document: str, *, passages: bool = False, version: int | None = None
    ) -> Shown:
        """Return the text of a document, or of an earlier version, to be read piece by piece."""
        knowledge_base = self._workspace.knowledge_base(name)
        if version is not None:
            earlier = knowledge_base.version(document, version)
            return Shown(
                ShownModel(
                    document=earlier.document,
                    document_id=earlier.document_id,
                    line_count=earlier.lines,
                    passage_count=earlier.passages,
                    version=version,
                ),
                map(page_part_model, knowledge_base.version_pages(earlier)),
                None,
            )
        record = knowledge_base.document(document)
        number = record.document_id
        return Shown(
            ShownModel(
                document=record.document,
                document_id=number,
                line_count=record.lines,
                passage_count=record.passages,
            ),
            map(page_part_model, knowledge_base.pages(number)),
            map(passage_model, knowledge_base.each_passage(number)) if passages else None,
        )

    def remove(self, name: str, document: str) -> DocumentModel:
        """Move a document to the bin and return what it was."""
        record = self._workspace.knowledge_base(name).remove(document)
        return document_model(record, self._language)

    def reindex(
        self,
        name: str,
        documents: Sequence[str] | None = None,
        *,
        password: str | None = None,
        force_ocr: bool = False,
    ) -> JobModel:
        """Read documents again, all of them when none is named."""
        record = self._workspace.knowledge_base(name).reindex(
            None if documents is None else list(documents),
            password=password,
            force_ocr=force_ocr,
        )
        return job_model(record, self._language)

    def search(self, request: SearchRequest) -> SearchModel:
        """Find passages."""
        return search_model(
            self._workspace.search(
                request.knowledge_bases,
                request.question,
                top_k=request.top_k,
                wanted=search_filter(request),
            )
        )

    def ask(
        self, request: AskRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[AskEventModel]:
        """Answer a question; the last event is the answer."""
        for event in self.ask_events(request, cancelled):
            yield event_model(event)

    def ask_events(
        self,
        request: AskRequest,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        turns: Sequence[Turn] = (),
    ) -> Iterator[AskEvent]:
        """Answer a question in the records of `kb`; ``turns`` are a talk that the caller keeps."""
        return self._workspace.ask(
            request.knowledge_bases,
            request.question,
            top_k=request.top_k,
            threshold=request.threshold,
            conversation=request.conversation,
            turns=turns,
            follow_up=request.follow_up,
            language=request.language,
            wanted=search_filter(request),
            cancelled=cancelled,
        )

    def jobs(self, *, active_only: bool = False, limit: int = 50) -> JobList:
        """List jobs, newest first."""
        records = self._workspace.queue.page(active_only=active_only, limit=limit)
        return JobList(jobs=[job_model(record, self._language) for record in records])

    def job(self, job_id: str) -> JobModel:
        """Return a job."""
        return job_model(self._workspace.queue.get(job_id), self._language)

    def job_items(
        self, job_id: str, *, offset: int = 0, limit: int = 200, states: Sequence[str] | None = None
    ) -> JobItems:
        """Return the files of a job."""
        items = self._workspace.queue.items(job_id, offset=offset, limit=limit, states=states)
        return JobItems(files=[added_file(item, self._language) for item in items])

    def cancel_job(self, job_id: str) -> JobModel:
        """Cancel a job."""
        return job_model(self._workspace.queue.cancel(job_id), self._language)

    def retry_job(self, job_id: str, *, password: str | None = None) -> JobModel:
        """Run the failed files of a job again, as a new job."""
        return job_model(self._workspace.queue.retry(job_id, password=password), self._language)

    def models(self) -> ModelList:
        """List the models, which are here and which are in use."""
        records = self._workspace.knowledge_bases()
        used = (self._workspace.engines.chat_model(), *(record.embedder for record in records))
        return model_list(self._workspace.settings.models, used)

    def use_model(self, name: str) -> ModelList:
        """Answer with another chat model from the next question on."""
        folder = self._workspace.settings.models
        self._workspace.engines.use_chat_model(checked_chat_model(name, folder))
        return self.models()

    def folders(self, name: str) -> FolderList:
        """List the folders that a knowledge base mirrors."""
        return self._mirroring.folders(name)

    def link(self, name: str, request: LinkRequest) -> SyncReport:
        """Mirror a folder and tell what is in it; nothing is taken in yet."""
        return self._mirroring.link(name, request)

    def configure_folder(self, name: str, request: FolderSettingsRequest) -> FolderList:
        """Change how a folder is mirrored."""
        return self._mirroring.configure(name, request)

    def unlink(self, name: str, request: UnlinkRequest) -> FolderList:
        """Mirror a folder no more."""
        return self._mirroring.unlink(name, request)

    def sync(self, name: str, request: SyncRequest) -> SyncReport:
        """Bring a knowledge base in step with its folders, or tell what that would do."""
        return self._mirroring.sync(name, request)

    def examine(self, *, repair: bool) -> ExaminedModel:
        """Prove that the data folder holds together; with ``repair`` mend what can be."""
        found = self._workspace.examine(repair=repair, thorough=repair)
        return ExaminedModel(findings=[finding_model(each, self._language) for each in found])

    def close(self) -> None:
        """Close the workspace."""
        self._workspace.close()


def event_model(event: AskEvent) -> AskEventModel:
    """Convert an event of a running answer."""
    if isinstance(event, PassagesFound):
        return PassagesEvent(
            standalone_question=event.standalone_question,
            citations=citation_models(event.citations),
            answerable=event.answerable,
        )
    if isinstance(event, Answer):
        return AnswerEvent(answer=ask_model(event))
    return TokenEvent(text=event.text)
