"""Records of `kb` as the models that cross the front doors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from app.api.answers import (
    AskMilliseconds,
    AskModel,
    CitationModel,
    ConversationModel,
    FeedbackModel,
    HitModel,
    MessageModel,
    SearchModel,
    SentenceModel,
)
from app.api.models import (
    AddedFile,
    BackupModel,
    DocumentModel,
    FindingModel,
    FormatHealthModel,
    HealthReasonModel,
    HealthReportModel,
    JobModel,
    JsonBox,
    KnowledgeBaseModel,
    PageHealthModel,
    PagePartModel,
    PassageModel,
    SynonymsModel,
    VersionModel,
)
from app.api.requests import SearchRequest
from app.messages import of_code, of_reason, of_warnings
from app.strings import Language, text
from kb.answer_types import (
    Answer,
    Citation,
    ConversationRecord,
    FeedbackRecord,
    Hit,
    MessageRecord,
    SearchResult,
)
from kb.backup.manifest import Manifest
from kb.integrity import Finding
from kb.types import (
    Box,
    DocumentRecord,
    DocumentVersion,
    HealthReport,
    JobItem,
    JobRecord,
    KnowledgeBaseRecord,
    PageHealth,
    PagePart,
    SearchFilter,
    StoredPassage,
)


def search_filter(request: SearchRequest) -> SearchFilter:
    """Convert what a question is confined to; days are those of this machine's time zone."""
    return SearchFilter(
        formats=None if request.types is None else frozenset(request.types),
        since=None if request.since is None else _midnight(request.since),
        until=None if request.until is None else _midnight(request.until + timedelta(days=1)),
    )


def _midnight(day: date) -> float:
    return datetime.combine(day, time.min).astimezone().timestamp()


def knowledge_base_model(record: KnowledgeBaseRecord) -> KnowledgeBaseModel:
    """Convert a knowledge base."""
    return KnowledgeBaseModel(
        id=record.kb_id,
        name=record.name,
        description=record.description,
        embedder=record.embedder,
        top_k=record.top_k,
        threshold=record.threshold,
        prompt=record.prompt,
        documents=record.document_count,
        passages=record.passage_count,
        size=record.size,
        states={str(state): count for state, count in record.states.items()},
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def document_model(
    record: DocumentRecord, language: Language, *, pages: Sequence[PageHealth] | None = None
) -> DocumentModel:
    """Convert a document, with the health of its pages where that is given."""
    return DocumentModel(
        document=record.document,
        document_id=record.document_id,
        state=record.state,
        reason=of_reason(record.reason, language),
        format=record.format,
        encoding=record.encoding,
        title=record.title,
        size=record.size,
        pages=record.pages,
        lines=record.lines,
        passages=record.passages,
        created_at=record.created_at,
        updated_at=record.updated_at,
        health=record.health,
        warnings=of_warnings(record.warnings, language),
        characters=record.characters,
        readable=record.readable,
        confidence=record.confidence,
        ocr_pages=record.ocr_pages,
        empty_pages=record.empty_pages,
        tables=record.tables,
        pages_health=None if pages is None else [_page_health_model(page) for page in pages],
    )


def health_report_model(report: HealthReport, language: Language) -> HealthReportModel:
    """Convert the summed up health of a knowledge base."""
    return HealthReportModel(
        green=report.counts.get("green", 0),
        amber=report.counts.get("amber", 0),
        red=report.counts.get("red", 0),
        unread=report.counts.get(None, 0),
        pages=sum(each.pages for each in report.formats),
        ocr_pages=sum(each.ocr_pages for each in report.formats),
        empty_pages=sum(each.empty_pages for each in report.formats),
        formats=[
            FormatHealthModel(
                format=each.format,
                documents=each.documents,
                green=each.green,
                amber=each.amber,
                red=each.red,
                pages=each.pages,
                ocr_pages=each.ocr_pages,
                empty_pages=each.empty_pages,
            )
            for each in report.formats
        ],
        reasons=[
            HealthReasonModel(
                health=health, code=code, reason=of_code(code, language), documents=count
            )
            for health, code, count in report.reasons
        ],
    )


def _page_health_model(page: PageHealth) -> PageHealthModel:
    return PageHealthModel(
        page=page.page,
        sheet=page.sheet,
        characters=page.characters,
        readable=page.readable,
        source=page.source,
        confidence=page.confidence,
        tables=page.tables,
    )


def page_part_model(part: PagePart) -> PagePartModel:
    """Convert a piece of a page's text."""
    return PagePartModel(page=part.page, sheet=part.sheet, text=part.text, begins=part.begins)


def version_model(version: DocumentVersion) -> VersionModel:
    """Convert an earlier version of a document."""
    return VersionModel(
        version=version.version,
        document=version.document,
        document_id=version.document_id,
        title=version.title,
        format=version.format,
        size=version.size,
        pages=version.pages,
        lines=version.lines,
        passages=version.passages,
        since=version.since,
        until=version.until,
        ended=version.ended,
        original=version.original is not None,
    )


def passage_model(stored: StoredPassage) -> PassageModel:
    """Convert a stored passage."""
    passage = stored.passage
    return PassageModel(
        passage_id=stored.passage_id,
        first_line=passage.first_line,
        last_line=passage.last_line,
        heading=passage.heading,
        text=passage.text,
        page=passage.place.page,
        box=_box(passage.place.boxes),
        sheet=passage.place.sheet,
        row=passage.place.row,
        column=passage.place.column,
        paragraph=passage.place.paragraph,
    )


def job_model(record: JobRecord, language: Language) -> JobModel:
    """Convert a job."""
    return JobModel(
        job_id=record.job_id,
        knowledge_base_id=record.kb_id,
        kind=record.kind,
        state=record.state,
        stage=record.stage,
        done=record.done,
        total=record.total,
        eta=record.eta,
        reason=of_reason(record.reason, language),
        counts=dict(record.counts),
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        cancel_requested=record.cancel_requested,
    )


def added_file(item: JobItem, language: Language) -> AddedFile:
    """Convert a file of a job."""
    return AddedFile(
        path=item.path,
        document=item.document,
        document_id=item.document_id,
        state=item.state,
        reason=of_reason(item.reason, language),
        pages=item.pages,
        passages=item.passages,
        seconds=item.seconds,
    )


def hit_model(hit: Hit) -> HitModel:
    """Convert a hit."""
    return HitModel(
        rank=hit.rank,
        passage_id=hit.passage_id,
        knowledge_base=hit.kb_name,
        document_id=hit.document_id,
        document=hit.document,
        page=hit.place.page,
        box=_box(hit.place.boxes),
        sheet=hit.place.sheet,
        row=hit.place.row,
        column=hit.place.column,
        paragraph=hit.place.paragraph,
        heading=hit.heading,
        text=hit.text,
        score=hit.score,
        later=hit.later,
        removed=hit.removed,
    )


def citation_models(citations: Iterable[Citation]) -> list[CitationModel]:
    """Convert the numbered sources of an answer."""
    return [
        CitationModel(number=citation.number, **hit_model(citation.hit).model_dump())
        for citation in citations
    ]


def search_model(result: SearchResult) -> SearchModel:
    """Convert what a search found."""
    return SearchModel(
        question=result.question,
        hits=[hit_model(hit) for hit in result.hits],
        answerable=result.answerable,
        milliseconds=result.milliseconds,
    )


def ask_model(answer: Answer) -> AskModel:
    """Convert a finished answer."""
    return AskModel(
        question=answer.question,
        standalone_question=answer.standalone_question,
        answer=answer.answer,
        refused=answer.refused,
        answerable=answer.answerable,
        threshold=answer.threshold,
        citations=citation_models(answer.citations),
        sentences=[
            SentenceModel(
                text=sentence.text,
                supported=sentence.supported,
                citations=list(sentence.citations),
            )
            for sentence in answer.sentences
        ],
        sql=answer.sql,
        model=answer.model,
        conversation=answer.conversation,
        milliseconds=AskMilliseconds(
            retrieve=answer.milliseconds.retrieve,
            first_token=answer.milliseconds.first_token,
            total=answer.milliseconds.total,
        ),
        extractive=answer.extractive,
    )


def conversation_model(record: ConversationRecord) -> ConversationModel:
    """Convert a conversation."""
    return ConversationModel(
        conversation=record.conversation_id,
        title=record.title,
        knowledge_base_ids=list(record.kb_ids),
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def message_model(record: MessageRecord) -> MessageModel:
    """Convert a stored message."""
    return MessageModel(
        message_id=record.message_id,
        role=record.role,
        text=record.text,
        created_at=record.created_at,
        answer=None if record.answer is None else ask_model(record.answer),
        feedback=record.praise,
    )


def feedback_model(record: FeedbackRecord) -> FeedbackModel:
    """Convert what a reader thought of an answer."""
    return FeedbackModel(
        message_id=record.message_id,
        feedback=record.praise,
        conversation=record.conversation,
        knowledge_base_ids=list(record.kb_ids),
        answer=ask_model(record.answer),
        created_at=record.created_at,
    )


def _box(boxes: tuple[Box, ...]) -> JsonBox:
    """One box as four numbers, several as a list of them, none as null."""
    if not boxes:
        return None
    if len(boxes) == 1:
        return list(boxes[0])
    return [list(box) for box in boxes]


def finding_model(finding: Finding, language: Language) -> FindingModel:
    """Convert what an examination found."""
    detail = text(
        f"finding.{finding.kind}",
        language,
        kb=finding.kb_id,
        count=finding.count,
        items=text("list.separator", language).join(finding.items),
    )
    if finding.repaired:
        detail += text("finding.repaired", language)
    return FindingModel(
        kind=finding.kind,
        knowledge_base=finding.kb_id,
        count=finding.count,
        items=list(finding.items),
        repaired=finding.repaired,
        detail=detail,
    )


def synonyms_model(groups: Sequence[Sequence[str]]) -> SynonymsModel:
    """Convert groups of synonyms."""
    return SynonymsModel(groups=[list(group) for group in groups])


def backup_model(manifest: Manifest, target: Path, seconds: float) -> BackupModel:
    """Convert what a backup says of itself, once it stands in ``target``."""
    return BackupModel(
        file=str(target),
        knowledge_bases=len(manifest.knowledge_bases),
        documents=manifest.documents,
        size=target.stat().st_size,
        missing=list(manifest.missing),
        seconds=round(seconds, 2),
    )
