"""Responses, one set for the command line and HTTP; keys are the contract's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

JsonBox = list[float] | list[list[float]] | None


class Model(BaseModel):
    """Base of all responses: readers ignore unknown keys, so keys are added and never dropped."""

    model_config = ConfigDict(extra="ignore")


class KnowledgeBaseModel(Model):
    """A knowledge base with its settings and counts."""

    id: str
    name: str
    description: str
    embedder: str
    top_k: int
    threshold: float
    prompt: str
    documents: int
    passages: int
    size: int
    states: dict[str, int]
    created_at: float
    updated_at: float


class KnowledgeBaseList(Model):
    """All knowledge bases."""

    knowledge_bases: list[KnowledgeBaseModel]


class PageHealthModel(Model):
    """How well a page was read, or a sheet, or the whole of a document without pages.

    ``readable`` is the share of readable characters, ``source`` text, ocr or none, ``confidence``
    that of the OCR.
    """

    page: int | None
    sheet: str | None
    characters: int
    readable: float
    source: str
    confidence: float | None
    tables: int


class DocumentModel(Model):
    """A document as listed; ``reason`` is a sentence, null where all is well.

    ``health`` is green, amber or red, null before the document was read; ``warnings`` are sentences
    about what else is worth a look. ``pages_health`` is null where it was not asked for.
    """

    document: str
    document_id: int
    state: str
    reason: str | None
    format: str | None
    encoding: str | None
    title: str | None
    size: int
    pages: int | None
    lines: int
    passages: int
    created_at: float
    updated_at: float
    health: str | None = None
    warnings: list[str] = []
    characters: int | None = None
    readable: float | None = None
    confidence: float | None = None
    ocr_pages: int | None = None
    empty_pages: int | None = None
    tables: int | None = None
    pages_health: list[PageHealthModel] | None = None


class DocumentList(Model):
    """One page of a knowledge base's documents; ``total`` counts all that match."""

    documents: list[DocumentModel]
    total: int


class FormatHealthModel(Model):
    """The documents of one format by health; ``format`` is null where it could not be told."""

    format: str | None
    documents: int
    green: int
    amber: int
    red: int
    pages: int
    ocr_pages: int
    empty_pages: int


class HealthReasonModel(Model):
    """Why documents are red or amber, and how many."""

    health: str
    code: str
    reason: str
    documents: int


class SynonymsModel(Model):
    """Groups of words that a knowledge base takes for one another."""

    groups: list[list[str]]


class HealthReportModel(Model):
    """How well the files of a knowledge base were read; ``unread`` are not read yet."""

    green: int
    amber: int
    red: int
    unread: int
    pages: int
    ocr_pages: int
    empty_pages: int
    formats: list[FormatHealthModel]
    reasons: list[HealthReasonModel]


class PageModel(Model):
    """The text of a page, a sheet, or a whole unpaged document."""

    page: int | None
    sheet: str | None
    text: str


class PlaceModel(Model):
    """Where a text stands; what the format does not have is null."""

    page: int | None
    box: JsonBox
    sheet: str | None
    row: int | None
    column: str | None
    paragraph: int | None


class PassageModel(PlaceModel):
    """A stored passage of a document."""

    passage_id: int
    first_line: int
    last_line: int
    heading: str
    text: str


class PagePartModel(PageModel):
    """A piece of a page's text; those that do not begin the page go on below, on a new line."""

    begins: bool


class ShownModel(Model):
    """Which document's text follows, and how much it is; ``version`` is null for that of now."""

    document: str
    document_id: int
    line_count: int
    passage_count: int
    version: int | None = None


class VersionModel(Model):
    """What a document was for a time; it ``ended`` as changed or deleted.

    ``version`` counts from 1, ``size`` is in bytes; ``original`` tells whether its file is kept.
    """

    version: int
    document: str
    document_id: int
    title: str | None
    format: str | None
    size: int
    pages: int | None
    lines: int
    passages: int
    since: float
    until: float
    ended: str
    original: bool


class VersionList(Model):
    """The earlier versions of a document, the newest first."""

    document: str
    versions: list[VersionModel]


class ShowModel(Model):
    """The text of a document; ``passages`` and ``version`` are there only when asked for."""

    document: str
    document_id: int
    pages: list[PageModel]
    line_count: int
    passage_count: int
    passages: list[PassageModel] | None = None
    version: int | None = None

    @model_serializer(mode="wrap")
    def _without_what_was_not_asked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        for name in ("passages", "version"):
            if content[name] is None:
                del content[name]
        return content


class AddedFile(Model):
    """What became of one file of an add; ``state`` is its outcome."""

    path: str
    document: str
    document_id: int | None
    state: str
    reason: str | None
    pages: int | None
    passages: int
    seconds: float | None


class AddReport(Model):
    """What an add did; with ``--no-wait`` the files are still queued and ``job`` names the job."""

    files: list[AddedFile]
    seconds: float
    job: str


class JobModel(Model):
    """A job of the queue; ``eta`` is in seconds, null while it cannot be told."""

    job_id: str
    knowledge_base_id: str
    kind: str
    state: str
    stage: str
    done: int
    total: int
    eta: float | None
    reason: str | None
    counts: dict[str, int]
    created_at: float
    started_at: float | None
    finished_at: float | None
    cancel_requested: bool


class JobList(Model):
    """Jobs, newest first."""

    jobs: list[JobModel]


class JobItems(Model):
    """The files of a job."""

    files: list[AddedFile]


class ErrorBody(Model):
    """An error: a stable code, a sentence, and what to do about it."""

    code: str
    message: str
    hint: str


class ErrorModel(Model):
    """What the command line prints under ``--json`` when something went wrong."""

    error: ErrorBody


class Problem(Model):
    """An RFC 9457 problem object."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    hint: str


class HealthModel(Model):
    """That the server answers, and how its chat model is."""

    status: Literal["ok"] = "ok"
    version: str
    instance: str
    chat_model: str = ""
    chat_state: str
    chat_reason: str = ""


class ModelModel(Model):
    """A model of the model table and whether it is on this machine."""

    name: str
    kind: str
    backend: str
    licence: str
    size: int
    present: bool
    used: bool


class ConvertedModel(Model):
    """A model made of another; cosines of its vectors to those of its source, for an embedder."""

    model: str
    path: str
    cosine_mean: float | None
    cosine_least: float | None


class ModelList(Model):
    """The models Zhiku knows."""

    models: list[ModelModel]


class BackupModel(Model):
    """A backup that was written; ``size`` in bytes, ``missing`` originals that were not there."""

    file: str
    knowledge_bases: int
    documents: int
    size: int
    missing: list[str]
    seconds: float


class RestoreModel(Model):
    """A data folder that was restored."""

    file: str
    home: str
    knowledge_bases: int
    documents: int
    seconds: float


class CheckModel(Model):
    """One finding of ``kb doctor``: state is ok, warning or failed; ``hint`` mends it."""

    name: str
    state: str
    detail: str
    hint: str


class FormatModel(Model):
    """A format: state is ok, missing or unsupported.

    ``missing`` are the packages and programs that reading it needs, ``hint`` how to get them.
    """

    name: str
    suffixes: list[str]
    state: str
    missing: list[str]
    hint: str


class FindingModel(Model):
    """Something in the data folder that is not as it should be.

    ``items`` names the first of ``count``; ``detail`` says it for a person, with what to do.
    """

    kind: str
    knowledge_base: str
    count: int
    items: list[str]
    repaired: bool
    detail: str


class ExaminedModel(Model):
    """What an examination of the data folder found; nothing where all is well."""

    findings: list[FindingModel]


class DoctorModel(Model):
    """What ``kb doctor`` found; ``ok`` is false when a check failed."""

    ok: bool
    checks: list[CheckModel]
    formats: list[FormatModel]
    findings: list[FindingModel] = Field(default_factory=list)
