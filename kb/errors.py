"""Every error that Zhiku raises above the loaders.

KBError                          base: ``code`` + ``params`` become a sentence at the front doors
├── SettingsError                a setting is unknown or has an impossible value
├── PromptError                  a prompt file lacks a variable or cannot be read
├── NotFoundError                no such knowledge base, document, job, conversation, model
├── AmbiguousNameError           a name fits several documents; ``candidates`` lists them
├── DuplicateError               the name is taken
├── AuthenticationError          not logged in, or a wrong token
├── PermissionDeniedError        logged in, but without the right
├── BusyError                    another process holds the data folder
├── CatalogError                 the catalog cannot be opened or is damaged
│   ├── CatalogLockedError       another program has held it for too long
│   └── CatalogVersionError      a newer version has written it
├── FolderUnreachableError       a mirrored folder is not there or cannot be listed
├── IngestError                  a document could not be taken in
├── CancelledError               a person cancelled the work
├── BackupError                  a backup could not be written or restored
│   ├── BackupDamagedError       a file is no backup, or not a whole one
│   ├── BackupVersionError       a newer version has written it
│   ├── FileExistsAlreadyError   a file with its name is there
│   ├── FolderInUseError         the data folder to restore into holds something
│   └── NoRoomError              it does not fit on the disk
├── ModelFileError               a model file is missing, incomplete or does not match its checksum
└── BackendError                 a model or an index failed
    ├── BackendUnavailableError  its package or model file is not here; the hint names the command
    ├── UnsupportedError         it works, but lacks the ability asked for: do without
    ├── EmbeddingError           the embedder failed on given texts
    ├── VectorIndexError         the vector index failed
    │   └── DimensionMismatchError   vectors of another embedder
    ├── IndexDamagedError        an index on disk cannot be used: rebuild it
    └── GenerationError          the chat model failed
        └── ContextTooLongError  instruction and question alone exceed the context

Messages are English, for the log: what failed, on which item, what to do. ``hint`` is the command
or step that mends it.
"""

from __future__ import annotations


class KBError(Exception):
    """Base of all errors whose message is meant for a person."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "", **params: object) -> None:
        super().__init__(message)
        self.hint = hint
        self.params = params


class SettingsError(KBError):
    """A setting is unknown or has an impossible value."""

    code = "bad_setting"


class PromptError(KBError):
    """A prompt file lacks a variable, names an unknown one, or cannot be read."""

    code = "bad_prompt"


class NotFoundError(KBError):
    """What was named does not exist. Params: ``kind``, ``name``."""

    code = "not_found"


class AmbiguousNameError(KBError):
    """A name fits several documents. Params: ``name``, ``candidates``."""

    code = "ambiguous_name"


class DuplicateError(KBError):
    """The name is taken. Params: ``name``."""

    code = "duplicate_name"


class AuthenticationError(KBError):
    """The caller did not prove who they are."""

    code = "not_authenticated"


class PermissionDeniedError(KBError):
    """The caller is known but lacks the right."""

    code = "permission_denied"


class BusyError(KBError):
    """Another process holds the data folder. Params: ``path``."""

    code = "busy"


class CatalogError(KBError):
    """The catalog cannot be opened or is damaged. Params: ``path``."""

    code = "catalog_failed"


class CatalogLockedError(CatalogError):
    """Another program has held the catalog for too long. Params: ``path``."""

    code = "catalog_locked"


class CatalogVersionError(CatalogError):
    """A newer version has written the catalog. Params: ``path``."""

    code = "catalog_newer"


class FolderUnreachableError(KBError):
    """A mirrored folder is not there or cannot be listed. Params: ``path``, ``problem``."""

    code = "folder_unreachable"


class IngestError(KBError):
    """A document could not be taken in."""

    code = "ingest_failed"


class CancelledError(KBError):
    """A person cancelled the work."""

    code = "cancelled"


class BackupError(KBError):
    """A backup could not be written or restored. Params: ``path``, ``problem``."""

    code = "backup_failed"


class BackupDamagedError(BackupError):
    """A file is no backup, or bytes of it are missing or changed. Params: ``path``."""

    code = "backup_damaged"


class BackupVersionError(BackupError):
    """A newer version has written a backup. Params: ``path``."""

    code = "backup_newer"


class FileExistsAlreadyError(BackupError):
    """A file with the name of the backup is there already. Params: ``path``."""

    code = "file_exists"


class FolderInUseError(BackupError):
    """The data folder to restore into holds something. Params: ``path``."""

    code = "folder_in_use"


class NoRoomError(BackupError):
    """It does not fit on the disk. Params: ``path``, ``needed`` and ``free`` in MB."""

    code = "no_room"


class ModelFileError(KBError):
    """A model file is missing, incomplete, or its checksum differs. Params: ``model``."""

    code = "model_file"


class NoModelError(ModelFileError):
    """What lies at a path is no model of a kind that is known. Params: ``model``, ``path``."""

    code = "no_model"


class NoModelEntryError(ModelFileError):
    """A JSON file has no entry for a model. Params: ``model``, ``path``."""

    code = "no_model_entry"


class ConversionError(ModelFileError):
    """A model cannot be converted, or not like that. Params: ``model``, ``problem``."""

    code = "conversion"

    def __init__(self, problem: str, *, model: str, hint: str = "") -> None:
        super().__init__(problem, hint=hint, model=model, problem=problem)


class BackendError(KBError):
    """A model or an index failed."""

    code = "backend_failed"


class BackendUnavailableError(BackendError):
    """A backend's package or model is not on this machine; ``hint`` tells how to get it."""

    code = "backend_unavailable"


class UnsupportedError(BackendError):
    """The model, its engine or its server lacks the ability asked for; asking again won't help."""

    code = "unsupported"


class EmbeddingError(BackendError):
    """The embedder could not embed the given texts."""

    code = "embedding_failed"


class VectorIndexError(BackendError):
    """The vector index could not be read, written or searched."""

    code = "vector_index_failed"


class DimensionMismatchError(VectorIndexError):
    """Vectors of one embedder met an index of another. Params: ``expected``, ``actual``."""

    code = "dimension_mismatch"


class IndexDamagedError(BackendError):
    """An index on disk cannot be used; it is only a cache, so rebuild it. Params: ``path``."""

    code = "index_damaged"


class GenerationError(BackendError):
    """The chat model failed while it answered."""

    code = "generation_failed"


class ContextTooLongError(GenerationError):
    """Instruction and question alone do not fit into the model's context."""

    code = "context_too_long"
