"""What can go wrong while a file is read.

LoadError
├── UnsupportedFormatError   no loader for this kind of file; converting it would help
│   ├── ArchiveFileError     a package of files: they can be added, it cannot
│   └── LibreOfficeMissingError  an old format, and LibreOffice is not installed here
├── EmptyFileError           no bytes, or no text in it
├── NoTextLayerError         pages on which no text was found
├── OcrUnavailableError      a picture or scan, and no OCR is installed here
├── EncryptedFileError       a password is needed, or the one given is wrong
├── DamagedFileError         the bytes are not what the format promises
│   └── UnsafeContentError   it is built to harm whoever reads it
├── LimitExceededError       time, memory, unpacked size or output beyond the limit
├── LoaderCrashedError       the parsing process died; our defect or a hostile file
└── LoadCancelledError       the caller no longer wants the file

Each error carries a stable ``code`` and named ``params``: the front doors turn them into a sentence
in the reader's language. The Python message is English and is meant for the log.
"""

from __future__ import annotations


class LoadError(Exception):
    """A file could not be read; the message is meant for the log, ``code`` for the person."""

    code = "load_failed"

    def __init__(self, message: str, **params: str | int | float) -> None:
        super().__init__(message)
        self.params = params


class UnsupportedFormatError(LoadError):
    """No loader reads this kind of file. Params: ``format``."""

    code = "unsupported_format"


class ArchiveFileError(UnsupportedFormatError):
    """A zip file or the like; what is in it may be read once unpacked."""

    code = "archive_file"


class LibreOfficeMissingError(UnsupportedFormatError):
    """LibreOffice, by way of which this kind of file is read, is missing. Params: ``format``."""

    code = "libreoffice_missing"


class EmptyFileError(LoadError):
    """The file has no bytes or holds no text."""

    code = "empty_file"


class NoTextLayerError(LoadError):
    """No text was found on any page, by OCR neither. Params: ``pages``."""

    code = "no_text_layer"


class OcrUnavailableError(LoadError):
    """Reading pictures needs a package that is not here, or whose models are damaged."""

    code = "ocr_unavailable"


class EncryptedFileError(LoadError):
    """The file wants a password, or the given one does not open it."""

    code = "encrypted_file"


class DamagedFileError(LoadError):
    """The content is not a readable file of its format. Params: ``format``."""

    code = "damaged_file"


class UnsafeContentError(DamagedFileError):
    """The file declares XML entities or the like, which no honest document of its kind does."""

    code = "unsafe_content"


class LimitExceededError(LoadError):
    """Reading the file would take too much.

    Params: ``limit`` (time, memory, unpacked, output), ``value``.
    """

    code = "limit_exceeded"


class LoaderCrashedError(LoadError):
    """The parsing process died while it read this file."""

    code = "loader_crashed"


class LoadCancelledError(LoadError):
    """The caller gave the file up while it was read."""

    code = "load_cancelled"


def all_error_classes() -> dict[str, type[LoadError]]:
    """Map every code to its class, for errors that cross the process boundary as JSON."""
    classes: list[type[LoadError]] = [LoadError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    return {cls.code: cls for cls in classes}
