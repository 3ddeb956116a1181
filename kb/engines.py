"""What a workspace opens once and shares: embedders, indexes, and the chat model in use."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Protocol

from kb.answer.tables.sqlite import SheetDatabases
from kb.embedders.base import Embedder
from kb.errors import KBError
from kb.ingest.indexing import IndexKeeper
from kb.ingest.tending import IndexTender
from kb.llms.endpoint import ChatEndpoint
from kb.llms.remote import RemoteChatService
from kb.llms.service import ChatService
from kb.models import table
from kb.models.machine import physical_cores
from kb.models.table import ChatModel, EmbedderModel
from kb.settings import Settings
from kb.store.catalog import Catalog
from kb.store.passages import Passages
from kb.store.sheets import Sheets
from kb.store.vectors import Vectors

logger = logging.getLogger(__name__)

DEFAULT_CHAT_MODEL = "qwen2.5-coder-1.5b"
_CHAT_OPTION = "chat_model"


class EmbedderOpener(Protocol):
    """Opens an embedder of the model table."""

    def __call__(self, model: EmbedderModel, *, folder: Path, threads: int) -> Embedder:
        """Open ``model`` with its files under ``folder``."""
        ...


class Engines:
    """Everything heavy, opened at first use and closed together; thread-safe."""

    def __init__(
        self,
        settings: Settings,
        *,
        opener: EmbedderOpener,
        catalog: Catalog,
        passages: Passages,
        vectors: Vectors,
        sheets: Sheets,
    ) -> None:
        self._settings = settings
        self._open_embedder = opener
        self._catalog = catalog
        self._passages = passages
        self._vectors = vectors
        self._sheets = sheets
        self._opening = threading.Lock()
        # Those of one knowledge base must not wait for another's, nor for an embedder to load.
        self._opening_indexes = threading.Lock()
        self._index_locks: dict[str, threading.Lock] = {}
        # Of its own: whoever asks for the chat model must not wait for an embedder to load.
        self._choosing = threading.Lock()
        self._embedders: dict[str, Embedder] = {}
        self._indexes: dict[str, IndexKeeper] = {}
        self._sheet_databases: dict[str, SheetDatabases] = {}
        self._chat: ChatEndpoint | None = None
        self._tender = IndexTender(self._open_indexes)

    def folder(self, kb_id: str) -> Path:
        """The folder of a knowledge base."""
        return self._settings.home / kb_id

    def embedder(self, name: str) -> Embedder:
        """Open an embedder, or return the one that is open.

        Raises:
            BackendUnavailableError: its files or package are not here.
            NotFoundError: it is not in the table.
        """
        with self._opening:
            if name not in self._embedders:
                self._embedders[name] = self._open_embedder(
                    table.find_embedder(name, self._settings.models),
                    folder=self._settings.models,
                    threads=self._settings.threads,
                )
            return self._embedders[name]

    def indexes(self, kb_id: str) -> IndexKeeper:
        """The indexes of a knowledge base, opened at first use."""
        known = self._indexes.get(kb_id)
        if known is not None:
            return known
        with self._index_lock(kb_id):
            known = self._indexes.get(kb_id)
            if known is not None:
                return known
            model = table.find_embedder(self._catalog.embedder(kb_id), self._settings.models)
            opened = IndexKeeper(
                self.folder(kb_id),
                kb_id,
                catalog=self._catalog,
                passages=self._passages,
                vectors=self._vectors,
                embedder_id=model.name,
                dim=model.dim,
            )
            with self._opening_indexes:
                self._indexes[kb_id] = opened
            return opened

    def _index_lock(self, kb_id: str) -> threading.Lock:
        with self._opening_indexes:
            return self._index_locks.setdefault(kb_id, threading.Lock())

    def tend_indexes(self) -> None:
        """Let the indexes that are open grow in the background from now on."""
        self._tender.start()

    def _open_indexes(self) -> list[IndexKeeper]:
        with self._opening_indexes:
            return list(self._indexes.values())

    def sheet_databases(self, kb_id: str) -> SheetDatabases:
        """The tables of a knowledge base as databases that can only be read."""
        with self._opening:
            if kb_id not in self._sheet_databases:
                folder = self.folder(kb_id) / "sheets"
                self._sheet_databases[kb_id] = SheetDatabases(self._sheets, folder)
            return self._sheet_databases[kb_id]

    def close_knowledge_base(self, kb_id: str) -> None:
        """Close the indexes and tables of a knowledge base that goes away."""
        with self._index_lock(kb_id), self._opening, self._opening_indexes:
            closing = (self._indexes.pop(kb_id, None), self._sheet_databases.pop(kb_id, None))
        for each in closing:
            if each is not None:
                each.close()

    def chat(self) -> ChatEndpoint:
        """The chat model that is in use; nothing is started.

        Raises:
            NotFoundError: the chosen model is not in the table.
        """
        with self._choosing:
            name = self.chat_model()
            if self._chat is not None and self._chat.name != name:
                self._chat.close()
                self._chat = None
            if self._chat is None:
                self._chat = self._open_chat(table.find_chat_model(name, self._settings.models))
            return self._chat

    def _open_chat(self, model: ChatModel) -> ChatEndpoint:
        if model.server is not None:
            return RemoteChatService(
                api_base_url=model.server.api_base_url,
                api_key=model.server.api_key,
                model=model.server.served_as,
                name=model.name,
                context_length=model.context_length,
            )
        return ChatService(
            model,
            folder=self._settings.models,
            threads=self._settings.threads or physical_cores(),
        )

    def chat_model(self) -> str:
        """The name of the chat model that is in use."""
        chosen = self._settings.chat_model or self._catalog.option(_CHAT_OPTION)
        return str(chosen or DEFAULT_CHAT_MODEL)

    def use_chat_model(self, name: str) -> None:
        """Answer with another chat model from the next question on.

        Raises:
            NotFoundError: there is no such model.
        """
        self._catalog.set_option(
            _CHAT_OPTION, table.find_chat_model(name, self._settings.models).name
        )

    def warm_up(self) -> None:
        """Load what the first question needs: embedders, indexes, beside them the chat model."""
        try:
            chat = self.chat()
            if isinstance(chat, ChatService) and chat.state.name == "idle":
                chat.start()
        except KBError as exc:
            logger.warning("the chat model cannot be loaded: %s", exc)
        self.warm_up_indexes()

    def warm_up_indexes(self) -> None:
        """Load what the first search needs: embedders and indexes."""
        for record in self._catalog.all():
            try:
                self.embedder(record.embedder)
                self.indexes(record.kb_id).catch_up()
            except KBError as exc:
                logger.warning("knowledge base %s cannot be opened: %s", record.kb_id, exc)

    def close(self) -> None:
        """Close every part; none can be used any more."""
        self._tender.close()
        with self._choosing:
            if self._chat is not None:
                self._chat.close()
        with self._opening:
            for keeper in self._open_indexes():
                keeper.compact()
                keeper.close()
            for databases in self._sheet_databases.values():
                databases.close()
            for embedder in self._embedders.values():
                embedder.close()
