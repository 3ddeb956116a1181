"""Open an office package, decrypting it where it has a password."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.formats import is_encrypted_package
from loaders.source import Source


@contextmanager
def opened_package(source: Source) -> Iterator[BinaryIO]:
    """Open the zip container of a docx or xlsx file for reading.

    Raises EncryptedFileError when the password is missing or wrong.
    """
    with source.path.open("rb") as stream:
        yield _decrypted(stream, source) if is_encrypted_package(source.path) else stream


def _decrypted(stream: BinaryIO, source: Source) -> BinaryIO:
    if source.password is None:
        raise EncryptedFileError(f"{source.name}: a password is needed", format=source.format.name)
    import msoffcrypto
    from msoffcrypto import exceptions

    plain = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(stream)
        file.load_key(password=source.password, verify_password=True)
        file.decrypt(plain)
    except (exceptions.InvalidKeyError, exceptions.DecryptionError) as exc:
        raise EncryptedFileError(
            f"{source.name}: wrong password", format=source.format.name
        ) from exc
    except (exceptions.FileFormatError, exceptions.ParseError, OSError, ValueError) as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc
    plain.seek(0)
    return plain
