"""One knowledge base as an object: its documents, its files, its way of being searched."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kb.answer.candidates import Searchable
from kb.answer.synonyms import parse_groups
from kb.embedders.base import Embedder
from kb.errors import NotFoundError
from kb.ingest.files import expand
from kb.ingest.indexing import IndexKeeper
from kb.ingest.originals import remove_document
from kb.ingest.runner import JobRunner
from kb.store.catalog import Catalog
from kb.store.documents import Documents
from kb.store.folders import Folders
from kb.store.health import FileHealth
from kb.store.jobs import Jobs, QueuedItem
from kb.store.passages import Passages
from kb.store.removals import Removals
from kb.store.selections import Selections
from kb.store.synonyms import Synonyms
from kb.store.versions import FOLDER as VERSIONS
from kb.store.versions import Versions
from kb.types import (
    EVERY_DOCUMENT,
    WHOLE,
    Box,
    DocumentFilter,
    DocumentOrder,
    DocumentRecord,
    DocumentVersion,
    Health,
    HealthReport,
    JobRecord,
    KnowledgeBaseRecord,
    PageHealth,
    PagePart,
    PagePlace,
    PageText,
    Reason,
    SearchFilter,
    StoredPassage,
)
from loaders.render import PageNotFoundError, render_page

# A question waits for the indexes to take in so many passages that have just come: half a second.
_MOST_PASSAGES_FIRST = 4_000


class KnowledgeBase:
    """A knowledge base of a workspace; safe to use from several threads.

    ``document`` arguments are a path inside the knowledge base, a document number, or a bare file
    name that fits one document only.
    """

    def __init__(
        self,
        kb_id: str,
        folder: Path,
        *,
        catalog: Catalog,
        documents: Documents,
        removals: Removals,
        passages: Passages,
        versions: Versions,
        health: FileHealth,
        synonyms: Synonyms,
        selections: Selections,
        folders: Folders,
        jobs: Jobs,
        runner: JobRunner,
        indexes: Callable[[], IndexKeeper],
        embedder: Callable[[str], Embedder],
    ) -> None:
        self.kb_id = kb_id
        self.folder = folder
        self._catalog = catalog
        self._documents = documents
        self._removals = removals
        self._passages = passages
        self._versions = versions
        self._health = health
        self._synonyms = synonyms
        self._selections = selections
        self._folders = folders
        self._jobs = jobs
        self._runner = runner
        self._open_indexes = indexes
        self._embedder = embedder

    @property
    def _indexes(self) -> IndexKeeper:
        """Opened by the first question: whoever lists documents does not wait for them."""
        return self._open_indexes()

    @property
    def record(self) -> KnowledgeBaseRecord:
        """Settings and counts as they are now."""
        return self._catalog.get(self.kb_id)

    @property
    def files(self) -> Path:
        """The originals' one home."""
        return self.folder / "files"

    @property
    def incoming(self) -> Path:
        """Where upload batches are written before they are taken in."""
        return self.folder / "incoming"

    def add(
        self, paths: Sequence[Path], *, password: str | None = None, created_by: str = ""
    ) -> JobRecord:
        """Queue files and folders; they are copied to the originals.

        Raises:
            NotFoundError: a path does not exist.
        """
        items = expand(paths)
        return self._runner.queue(
            lambda: self._jobs.create(self.kb_id, "add", items, created_by=created_by), password
        )

    def add_uploads(
        self, folder: Path, *, password: str | None = None, created_by: str = ""
    ) -> JobRecord:
        """Queue a finished upload batch, a folder under `incoming`; its files are moved."""
        items = expand([folder])
        return self._runner.queue(
            lambda: self._jobs.create(
                self.kb_id,
                "add",
                items,
                payload={"owned": True, "batch": str(folder)},
                created_by=created_by,
            ),
            password,
        )

    def reindex(
        self,
        documents: Sequence[str] | None = None,
        *,
        password: str | None = None,
        force_ocr: bool = False,
        created_by: str = "",
    ) -> JobRecord:
        """Read originals again, all of them or those named; answers stay until the new ones are in.

        ``password`` opens those that are encrypted; it is forgotten with the job. ``force_ocr`` has
        the pages' pictures read even where there is text.

        Raises:
            NotFoundError: a document does not exist.
        """
        records = (
            self._documents.page(self.kb_id, limit=None)
            if documents is None
            else [self.document(name) for name in documents]
        )
        # What a person has taken out comes back when that person names it, not with all the others.
        items = [
            QueuedItem(str(self._path_of(record)), record.document)
            for record in records
            if documents is not None or record.state != "excluded"
        ]
        return self._runner.queue(
            lambda: self._jobs.create(
                self.kb_id,
                "read_again",
                items,
                payload={"force_ocr": True} if force_ocr else None,
                created_by=created_by,
            ),
            password,
        )

    def documents(
        self,
        wanted: DocumentFilter = EVERY_DOCUMENT,
        *,
        offset: int = 0,
        limit: int | None = 100,
        order: DocumentOrder = "document",
        descending: bool = False,
    ) -> list[DocumentRecord]:
        """List documents, ``limit`` of them from ``offset``."""
        return self._documents.page(
            self.kb_id, wanted, offset=offset, limit=limit, order=order, descending=descending
        )

    def document_count(self, wanted: DocumentFilter = EVERY_DOCUMENT) -> int:
        """Count the documents that `documents` would list."""
        return self._documents.count(self.kb_id, wanted)

    def document(self, name: str | int) -> DocumentRecord:
        """Find a document.

        Raises:
            NotFoundError: nothing fits.
            AmbiguousNameError: several documents fit; the error lists them.
        """
        if isinstance(name, int):
            return self._documents.get(self.kb_id, name)
        return self._documents.find(self.kb_id, unicodedata.normalize("NFC", name))

    def page_health(self, document_ids: Sequence[int]) -> dict[int, list[PageHealth]]:
        """How well the pages of some documents were read, in order; none where nothing was read."""
        return self._health.pages(self.kb_id, document_ids)

    def health_counts(self) -> dict[Health | None, int]:
        """Count the documents by health; None stands for those not read yet."""
        return self._health.counts(self.kb_id)

    def health_report(self) -> HealthReport:
        """How well the files were read, summed up."""
        return self._health.report(self.kb_id)

    def pages(self, document_id: int) -> Iterator[PagePart]:
        """What the document says, page by page; a long page comes in several parts.

        Raises:
            NotFoundError: the document was removed meanwhile.
        """
        content_id = self._documents.content_id(self.kb_id, document_id)
        return iter(()) if content_id is None else self._passages.pages(content_id)

    def page_places(self, document_id: int) -> list[PagePlace]:
        """The parts that the document's text has, without their text."""
        content_id = self._documents.content_id(self.kb_id, document_id)
        return [] if content_id is None else self._passages.page_places(content_id)

    def page_text(self, document_id: int, position: int) -> PageText:
        """One part of the document's text.

        Raises:
            NotFoundError: there is none.
        """
        content_id = self._documents.content_id(self.kb_id, document_id)
        if content_id is None:
            raise NotFoundError(
                f"document {document_id} has no text", kind="document", name=str(document_id)
            )
        return self._passages.page_text(content_id, position)

    def each_passage(self, document_id: int) -> Iterator[StoredPassage]:
        """The passages of a document in reading order, however many they are.

        Raises:
            NotFoundError: the document was removed meanwhile.
        """
        record = self._documents.get(self.kb_id, document_id)
        content_id = self._documents.content_id(self.kb_id, document_id)
        if content_id is None:
            return
        count = 0
        for passage_id, passage in self._passages.each_of_content(content_id):
            count += 1
            yield StoredPassage(passage_id, document_id, record.document, passage)
        if count < record.passages:
            raise NotFoundError(
                f"{record.document} was removed", kind="document", name=record.document
            )

    def passages(self, document_id: int, *, offset: int = 0, limit: int) -> list[StoredPassage]:
        """``limit`` passages of a document in reading order."""
        record = self._documents.get(self.kb_id, document_id)
        content_id = self._documents.content_id(self.kb_id, document_id)
        if content_id is None:
            return []
        return [
            StoredPassage(passage_id, document_id, record.document, passage)
            for passage_id, passage in self._passages.of_content(
                content_id, offset=offset, limit=limit
            )
        ]

    def original(self, document_id: int) -> Path:
        """The file that the document was read from.

        Raises:
            NotFoundError: the file is gone.
        """
        record = self._documents.get(self.kb_id, document_id)
        path = self._path_of(record)
        if not path.is_file():
            raise NotFoundError(
                f"the original of {record.document} is gone", kind="file", name=record.document
            )
        return path

    def _path_of(self, record: DocumentRecord) -> Path:
        """Where a document's original is: among the originals, or in a linked folder."""
        linked = self._folders.place_of(record.document_id)
        if linked is None:
            return self.files / record.document
        folder_id, path = linked
        return Path(self._folders.get(folder_id).path) / path

    def versions(self, name: str | int) -> list[DocumentVersion]:
        """What a document was before it changed, the newest first; also of one that is gone.

        Raises:
            NotFoundError: there is no such document, and was none lately.
            AmbiguousNameError: several documents fit; the error lists them.
        """
        try:
            record = self.document(name)
        except NotFoundError:
            gone = self._versions.of(self.kb_id, None, unicodedata.normalize("NFC", str(name)))
            if not gone:
                raise
            return gone
        return self._versions.of(self.kb_id, record.document_id, record.document)

    def version(self, name: str | int, number: int) -> DocumentVersion:
        """One earlier version of a document.

        Raises:
            NotFoundError: there is none, or not any more.
            AmbiguousNameError: several documents fit.
        """
        for each in self.versions(name):
            if each.version == number:
                return each
        raise NotFoundError(
            f"{name} has no version {number}", kind="version", name=f"{name} ({number})"
        )

    def gone(self) -> list[DocumentVersion]:
        """The last versions of documents whose files were deleted, the newest first."""
        return self._versions.gone(self.kb_id)

    def version_pages(self, version: DocumentVersion) -> Iterator[PagePart]:
        """What an earlier version said, page by page.

        Raises:
            NotFoundError: it was kept for long enough, and is deleted.
        """
        return self._passages.pages(version.content_id)

    def version_original(self, version: DocumentVersion) -> Path:
        """The file of an earlier version.

        Raises:
            NotFoundError: it was not kept, as those of linked folders, or is deleted.
        """
        path = self.folder / VERSIONS / (version.original or "")
        if version.original is None or not path.is_file():
            raise NotFoundError(
                f"the file of version {version.version} of {version.document} is not kept",
                kind="file",
                name=f"{version.document} ({version.version})",
            )
        return path

    def page_image(
        self, document_id: int, page: int, *, boxes: Sequence[Box] = (), scale: float = 1.5
    ) -> bytes:
        """Render a page with boxes drawn on it, as PNG; ``scale`` 1 is 72 dots an inch.

        Raises:
            NotFoundError: the document has no such page, or its format has no pages.
        """
        try:
            return render_page(self.original(document_id), page, boxes=boxes, scale=scale)
        except PageNotFoundError as exc:
            raise NotFoundError(str(exc), kind="page", name=str(page)) from exc

    def remove(self, name: str | int, *, removed_by: str = "") -> DocumentRecord:
        """Take a document out: no answer finds it any more, its file goes to the bin.

        That of a linked folder stays where it is; its document is listed as excluded from now on.

        Raises:
            NotFoundError: nothing fits.
            AmbiguousNameError: several documents fit.
        """
        record = self.document(name)
        if self._folders.place_of(record.document_id) is not None:
            self._folders.exclude(record.document_id, Reason("excluded_by_person", {}))
        else:
            remove_document(self._removals, self.folder, record, removed_by=removed_by)
        self._indexes.catch_up()
        self._runner.wake()
        return record

    def synonyms(self) -> tuple[tuple[str, ...], ...]:
        """Groups of words that questions take for one another."""
        return self._synonyms.groups(self.kb_id)

    def set_synonyms(self, text: str) -> list[tuple[str, ...]]:
        """Write other synonyms in place of all: a group on each line, its words parted by "=".

        Raises:
            SettingsError: a line has one word only, or a word stands in two groups.
        """
        groups = parse_groups(text)
        self._synonyms.replace(self.kb_id, groups)
        return groups

    def searchable(
        self, change_number: int | None = None, wanted: SearchFilter = WHOLE
    ) -> Searchable:
        """The knowledge base as retrieval sees it, its indexes in step with the catalog.

        What would keep a question waiting is left to those who work the queue off.

        Args:
            change_number: of its last change, where that is known already.
            wanted: the documents that may be found.
        """
        if change_number is None:
            change_number = self._catalog.change_number(self.kb_id)
        if self._indexes.behind(change_number):
            self._indexes.catch_up(lazy=True, most=_MOST_PASSAGES_FIRST)
        return Searchable(
            kb_id=self.kb_id,
            embedder=self._embedder(self._indexes.embedder_id),
            vectors=self._indexes.vectors,
            keywords=self._indexes.keywords,
            synonyms=self._synonyms.groups(self.kb_id),
            among=self._selections.of(self.kb_id, wanted, change_number),
        )
