"""The operations over HTTP: the command line talks to the server that holds the data folder."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from app.api.answers import AnswerEvent, PassagesEvent, SearchModel, TokenEvent
from app.api.dependencies import LANGUAGE_HEADER
from app.api.folder_models import (
    FolderList,
    FolderSettingsRequest,
    LinkRequest,
    SyncReport,
    SyncRequest,
    UnlinkRequest,
)
from app.api.models import (
    AddReport,
    DocumentList,
    DocumentModel,
    ExaminedModel,
    JobList,
    JobModel,
    KnowledgeBaseList,
    KnowledgeBaseModel,
    Model,
    ModelList,
    SynonymsModel,
    VersionList,
)
from app.api.requests import (
    AskRequest,
    ConfigureRequest,
    CreateRequest,
    DocumentsRequest,
    RetryRequest,
    SearchRequest,
    SynonymsRequest,
)
from app.operations import AskEventModel, OnProgress
from app.shown import LINES_TYPE, Shown, read_lines
from app.strings import Language
from kb.errors import BackendUnavailableError, KBError

SERVER_FILE = "server.json"
_FINISHED = ("done", "failed", "cancelled")
_POLL_SECONDS = 0.5
_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the server of a data folder listens, and the secret that proves the right to use it."""

    url: str
    token: str
    instance: str
    pid: int


class RemoteError(KBError):
    """An error that the server reported; its sentence is already in the reader's language."""

    def __init__(self, code: str, sentence: str, hint: str) -> None:
        super().__init__(sentence, hint=hint)
        self.code = code


def write_server_file(home: Path, address: ServerAddress) -> None:
    """Write the address for the command line; only the owner may read it."""
    path = home / SERVER_FILE
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(address), file)
    temporary.replace(path)


def remove_server_file(home: Path, instance: str) -> None:
    """Remove the address, unless another server has written its own meanwhile."""
    address = read_server_file(home)
    if address is not None and address.instance == instance:
        (home / SERVER_FILE).unlink(missing_ok=True)


def read_server_file(home: Path) -> ServerAddress | None:
    """Read the address; None when there is none or it is not one of ours."""
    try:
        content = json.loads((home / SERVER_FILE).read_text(encoding="utf-8"))
        return ServerAddress(**content)
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def find_server(home: Path, language: Language) -> RemoteOperations | None:
    """Connect to the server that holds ``home``; None when none runs, whatever its file says."""
    address = read_server_file(home)
    if address is None:
        return None
    remote = RemoteOperations(address, language)
    if remote.answers():
        return remote
    remote.close()
    return None


class RemoteOperations:
    """The operations of the command line on a running server."""

    def __init__(self, address: ServerAddress, language: Language) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=address.url + "/api",
            headers={"authorization": f"Bearer {address.token}", LANGUAGE_HEADER: language},
            # An answer may take minutes; a proxy of the environment has no business here.
            timeout=httpx.Timeout(600, connect=3),
            trust_env=False,
        )

    def answers(self) -> bool:
        """Tell whether this very server still runs at its address."""
        try:
            response = self._client.get("/health", timeout=5)
            return response.is_success and response.json()["instance"] == self.address.instance
        except (httpx.HTTPError, ValueError, KeyError):
            return False

    def create(self, request: CreateRequest) -> KnowledgeBaseModel:
        """Make a knowledge base."""
        return self._call(KnowledgeBaseModel, "POST", "/knowledge-bases", body=request)

    def knowledge_bases(self) -> KnowledgeBaseList:
        """List the knowledge bases."""
        return self._call(KnowledgeBaseList, "GET", "/knowledge-bases")

    def configure(self, name: str, request: ConfigureRequest) -> KnowledgeBaseModel:
        """Rename or change a knowledge base."""
        return self._call(KnowledgeBaseModel, "PATCH", self._path(name), body=request)

    def delete(self, name: str) -> KnowledgeBaseModel:
        """Move a knowledge base to the bin and return what it was."""
        return self._call(KnowledgeBaseModel, "DELETE", self._path(name))

    def add(
        self,
        name: str,
        paths: Sequence[Path],
        *,
        password: str | None = None,
        wait: bool = True,
        on_progress: OnProgress | None = None,
    ) -> AddReport:
        """Add files and folders of this machine: the server reads them itself."""
        body = {"paths": [str(path.absolute()) for path in paths], "password": password}
        job = self._call(JobModel, "POST", self._path(name) + "/add", body=body)
        if wait:
            self.wait(job.job_id, on_progress=on_progress)
        return self._call(AddReport, "GET", f"/jobs/{job.job_id}/report")

    def wait(self, job_id: str, *, on_progress: OnProgress | None = None) -> JobModel:
        """Wait until a job has ended."""
        while True:
            job = self.job(job_id)
            if on_progress is not None:
                on_progress(job)
            if job.state in _FINISHED:
                return job
            time.sleep(_POLL_SECONDS)

    def documents(self, name: str, wanted: DocumentsRequest) -> DocumentList:
        """List documents."""
        query = wanted.model_dump()
        return self._call(DocumentList, "GET", self._path(name) + "/documents", query=query)

    def synonyms(self, name: str) -> SynonymsModel:
        """List the words that a knowledge base takes for one another."""
        return self._call(SynonymsModel, "GET", self._path(name) + "/synonyms")

    def set_synonyms(self, name: str, request: SynonymsRequest) -> SynonymsModel:
        """Write other synonyms in place of all."""
        return self._call(SynonymsModel, "PUT", self._path(name) + "/synonyms", body=request)

    def folders(self, name: str) -> FolderList:
        """List the folders that a knowledge base mirrors."""
        return self._call(FolderList, "GET", self._path(name) + "/folders")

    def link(self, name: str, request: LinkRequest) -> SyncReport:
        """Mirror a folder and tell what is in it; nothing is taken in yet."""
        return self._call(SyncReport, "POST", self._path(name) + "/folders", body=request)

    def configure_folder(self, name: str, request: FolderSettingsRequest) -> FolderList:
        """Change how a folder is mirrored."""
        return self._call(FolderList, "POST", self._path(name) + "/folders/settings", body=request)

    def unlink(self, name: str, request: UnlinkRequest) -> FolderList:
        """Mirror a folder no more."""
        return self._call(FolderList, "POST", self._path(name) + "/folders/unlink", body=request)

    def sync(self, name: str, request: SyncRequest) -> SyncReport:
        """Bring a knowledge base in step with its folders, or tell what that would do."""
        return self._call(SyncReport, "POST", self._path(name) + "/sync", body=request)

    def examine(self, *, repair: bool) -> ExaminedModel:
        """Prove that the data folder holds together; with ``repair`` mend what can be."""
        return self._call(ExaminedModel, "POST", "/examine", body={"repair": repair})

    def versions(self, name: str, document: str) -> VersionList:
        """List what a document was before it changed."""
        path = self._path(name) + "/document/versions"
        return self._call(VersionList, "GET", path, query={"document": document})

    def show(
        self, name: str, document: str, *, passages: bool = False, version: int | None = None
    ) -> Shown:
        """Return the text of a document, or of an earlier version, to be read piece by piece."""
        query: dict[str, object] = {"document": document, "passages": passages}
        if version is not None:
            query["version"] = version
        return read_lines(
            self._blocks(self._path(name) + "/document/text", query), passages=passages
        )

    def remove(self, name: str, document: str) -> DocumentModel:
        """Move a document to the bin and return what it was."""
        query = {"document": document}
        return self._call(DocumentModel, "DELETE", self._path(name) + "/document", query=query)

    def search(self, request: SearchRequest) -> SearchModel:
        """Find passages."""
        return self._call(SearchModel, "POST", "/search", body=request)

    def ask(self, request: AskRequest) -> Iterator[AskEventModel]:
        """Answer a question; the last event is the answer."""
        body = request.model_copy(update={"stream": True}).model_dump(mode="json")
        try:
            with self._client.stream("POST", "/ask", json=body) as response:
                if not response.is_success:
                    response.read()
                    raise _remote_error(response)
                name = ""
                for line in _lines(response.iter_bytes()):
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        yield _event(name, line.removeprefix("data: "))
        except httpx.HTTPError as exc:
            raise self._failed(exc) from exc

    def jobs(self, *, active_only: bool = False, limit: int = 50) -> JobList:
        """List jobs, newest first."""
        query = {"active_only": active_only, "limit": limit}
        return self._call(JobList, "GET", "/jobs", query=query)

    def job(self, job_id: str) -> JobModel:
        """Return a job."""
        return self._call(JobModel, "GET", f"/jobs/{_quoted(job_id)}")

    def cancel_job(self, job_id: str) -> JobModel:
        """Cancel a job."""
        return self._call(JobModel, "POST", f"/jobs/{_quoted(job_id)}/cancel")

    def retry_job(self, job_id: str, *, password: str | None = None) -> JobModel:
        """Run the failed files of a job again, as a new job."""
        request = RetryRequest(password=password)
        return self._call(JobModel, "POST", f"/jobs/{_quoted(job_id)}/retry", body=request)

    def models(self) -> ModelList:
        """List the models, which are here and which are in use."""
        return self._call(ModelList, "GET", "/models")

    def use_model(self, name: str) -> ModelList:
        """Answer with another chat model from the next question on."""
        return self._call(ModelList, "POST", f"/models/{_quoted(name)}/use")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _blocks(self, path: str, query: dict[str, Any]) -> Iterator[bytes]:
        # Hundreds of megabytes take longer to compress than to hand over on the same machine.
        headers = {"accept": LINES_TYPE, "accept-encoding": "identity"}
        try:
            with self._client.stream("GET", path, params=query, headers=headers) as response:
                if not response.is_success:
                    response.read()
                    raise _remote_error(response)
                yield from response.iter_bytes()
        except httpx.HTTPError as exc:
            raise self._failed(exc) from exc

    def _failed(self, exc: httpx.HTTPError) -> BackendUnavailableError:
        return BackendUnavailableError(f"the server at {self.address.url} failed: {exc}")

    def _path(self, name: str) -> str:
        if "/" in name or name in (".", ".."):
            # Such a name cannot stand in a path; its id can.
            listed = self.knowledge_bases().knowledge_bases
            name = next((each.id for each in listed if each.name == name), name)
        return f"/knowledge-bases/{_quoted(name)}"

    def _call(
        self,
        model: type[_M],
        method: str,
        path: str,
        *,
        body: object = None,
        query: dict[str, Any] | None = None,
    ) -> _M:
        content = body.model_dump(mode="json") if hasattr(body, "model_dump") else body
        try:
            response = self._client.request(method, path, json=content, params=query)
        except httpx.HTTPError as exc:
            raise self._failed(exc) from exc
        if not response.is_success:
            raise _remote_error(response)
        return model.model_validate_json(response.content)


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Cut a stream at line feeds alone: httpx also cuts at U+2028, which JSON leaves in."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode()


def _event(name: str, data: str) -> AskEventModel:
    if name == "passages":
        return PassagesEvent.model_validate_json(data)
    if name == "token":
        return TokenEvent.model_validate_json(data)
    if name == "answer":
        return AnswerEvent.model_validate_json(data)
    error = json.loads(data)["error"]
    raise RemoteError(error["code"], error["message"], error["hint"])


def _remote_error(response: httpx.Response) -> RemoteError:
    try:
        problem = response.json()
        return RemoteError(problem["code"], problem["detail"], problem["hint"])
    except (ValueError, KeyError):
        return RemoteError("error", f"HTTP {response.status_code}", "")
