"""Routes of knowledge bases, their documents and originals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from app import shown
from app.api.dependencies import (
    CurrentLanguage,
    CurrentOperations,
    CurrentWorkspace,
    require_token,
)
from app.api.models import (
    DocumentList,
    DocumentModel,
    HealthReportModel,
    JobModel,
    KnowledgeBaseList,
    KnowledgeBaseModel,
    ShowModel,
    SynonymsModel,
    VersionList,
)
from app.api.requests import (
    AddRequest,
    ConfigureRequest,
    CreateRequest,
    DocumentsRequest,
    ReindexRequest,
    SynonymsRequest,
)
from app.health_table import health_rows
from kb.types import Box

router = APIRouter(prefix="/knowledge-bases", tags=["knowledge bases"])


@router.get("")
def list_knowledge_bases(operations: CurrentOperations) -> KnowledgeBaseList:
    """List the knowledge bases."""
    return operations.knowledge_bases()


@router.post("", status_code=201)
def create(request: CreateRequest, operations: CurrentOperations) -> KnowledgeBaseModel:
    """Make a knowledge base."""
    return operations.create(request)


@router.get("/{name}")
def get(name: str, operations: CurrentOperations) -> KnowledgeBaseModel:
    """Return one knowledge base, by name or id."""
    return operations.knowledge_base(name)


@router.patch("/{name}")
def configure(
    name: str, request: ConfigureRequest, operations: CurrentOperations
) -> KnowledgeBaseModel:
    """Rename or change a knowledge base; another embedder starts a re-index job."""
    return operations.configure(name, request)


@router.delete("/{name}")
def delete(name: str, operations: CurrentOperations) -> KnowledgeBaseModel:
    """Move a knowledge base to the bin."""
    return operations.delete(name)


@router.post("/{name}/add", status_code=202, dependencies=[Depends(require_token)])
def add(name: str, request: AddRequest, operations: CurrentOperations) -> JobModel:
    """Add files and folders of the server's machine; needs the server's token."""
    paths = [Path(path) for path in request.paths]
    return operations.start_add(name, paths, password=request.password)


@router.post("/{name}/reindex", status_code=202)
def reindex(name: str, request: ReindexRequest, operations: CurrentOperations) -> JobModel:
    """Read documents again, all of them when none is named."""
    return operations.reindex(
        name, request.documents, password=request.password, force_ocr=request.force_ocr
    )


@router.get("/{name}/synonyms")
def synonyms(name: str, operations: CurrentOperations) -> SynonymsModel:
    """List the words that the knowledge base takes for one another."""
    return operations.synonyms(name)


@router.put("/{name}/synonyms")
def set_synonyms(
    name: str, request: SynonymsRequest, operations: CurrentOperations
) -> SynonymsModel:
    """Write other synonyms in place of all."""
    return operations.set_synonyms(name, request)


@router.get("/{name}/documents")
def documents(
    name: str, wanted: Annotated[DocumentsRequest, Query()], operations: CurrentOperations
) -> DocumentList:
    """List documents, a page at a time."""
    return operations.documents(name, wanted)


@router.get("/{name}/health")
def health(name: str, operations: CurrentOperations) -> HealthReportModel:
    """Sum up how well the files were read."""
    return operations.health(name)


@router.get("/{name}/health.csv", response_class=StreamingResponse)
def health_csv(
    name: str,
    workspace: CurrentWorkspace,
    language: CurrentLanguage,
    *,
    lang: Literal["zh", "en"] | None = None,
) -> StreamingResponse:
    """Download how well each file was read, a row for each; a link can name the language."""
    knowledge_base = workspace.knowledge_base(name)
    file_name = quote(f"{knowledge_base.record.name}.csv", safe="")
    return StreamingResponse(
        health_rows(knowledge_base, lang or language),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f"attachment; filename*=utf-8''{file_name}",
            "cache-control": "private, no-store",
        },
    )


# Documents are named in the query, not in the path: their names hold slashes.
@router.get("/{name}/document")
def document(name: str, document: str, operations: CurrentOperations) -> DocumentModel:
    """Return one document, by name or id."""
    return operations.document(name, document)


@router.get(
    "/{name}/document/text",
    response_class=StreamingResponse,
    responses={200: {"model": ShowModel, "content": {shown.LINES_TYPE: {}}}},
)
def show(
    name: str,
    document: str,
    request: Request,
    operations: CurrentOperations,
    *,
    passages: bool = False,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> StreamingResponse:
    """Return the text of a document, as one JSON object or piece by piece as lines of JSON.

    Of an earlier ``version`` there are no passages: it is not searched.
    """
    found = operations.show(name, document, passages=passages, version=version)
    if request.headers.get("accept") == shown.LINES_TYPE:
        return StreamingResponse(shown.gathered(shown.lines(found)), media_type=shown.LINES_TYPE)
    pieces = shown.gathered(shown.json_pieces(found))
    return StreamingResponse(pieces, media_type="application/json")


@router.get("/{name}/document/versions")
def versions(name: str, document: str, operations: CurrentOperations) -> VersionList:
    """List what a document was before it changed; also of one whose file was deleted."""
    return operations.versions(name, document)


@router.get("/{name}/document/versions/{version}/original", response_class=FileResponse)
def version_original(
    name: str, version: int, document: str, workspace: CurrentWorkspace
) -> FileResponse:
    """Download the file of an earlier version."""
    knowledge_base = workspace.knowledge_base(name)
    earlier = knowledge_base.version(document, version)
    return _download(knowledge_base.version_original(earlier), Path(earlier.document).name)


@router.delete("/{name}/document")
def remove(name: str, document: str, operations: CurrentOperations) -> DocumentModel:
    """Move a document to the bin."""
    return operations.remove(name, document)


@router.get("/{name}/documents/{document_id}/original", response_class=FileResponse)
def original(name: str, document_id: int, workspace: CurrentWorkspace) -> FileResponse:
    """Download the original; always as a file, never shown inside our own address."""
    path = workspace.knowledge_base(name).original(document_id)
    return _download(path, path.name)


def _download(path: Path, name: str) -> FileResponse:
    return FileResponse(
        path,
        media_type="application/octet-stream",
        headers={
            "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'",
            "cache-control": "private, no-store",
        },
    )


@router.get("/{name}/documents/{document_id}/pages/{page}", response_class=Response)
def page_image(
    name: str,
    document_id: int,
    page: int,
    workspace: CurrentWorkspace,
    *,
    box: Annotated[list[str] | None, Query(description="x0,y0,x1,y1 as fractions")] = None,
    scale: Annotated[float, Query(gt=0, le=4)] = 1.5,
) -> Response:
    """Return a page as PNG with the given boxes drawn."""
    image = workspace.knowledge_base(name).page_image(
        document_id, page, boxes=tuple(_box(each) for each in box or ()), scale=scale
    )
    return Response(image, media_type="image/png", headers={"cache-control": "private, no-store"})


def _box(given: str) -> Box:
    from app.api.problems import BadRequestError

    try:
        x0, y0, x1, y1 = (float(part) for part in given.split(","))
    except ValueError as exc:
        raise BadRequestError(f"not a box: {given}", problem=f"box={given}") from exc
    return (x0, y0, x1, y1)
