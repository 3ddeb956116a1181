"""Open an office package: decrypted where it has a password, made whole where it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from loaders import salvage
from loaders.errors import DamagedFileError, EncryptedFileError, LimitExceededError
from loaders.formats import is_encrypted_package
from loaders.office import odf_password
from loaders.office.password import ProtectionError, decrypted
from loaders.source import Source

_MOST_NAMED = 5


@contextmanager
def opened_package(source: Source) -> Iterator[BinaryIO]:
    """Open the zip container of an office document for reading; every part of it can be unpacked.

    What a broken container lost is noted in ``source.missing``. Raises EncryptedFileError when the
    password is missing or wrong, DamagedFileError when nothing is left, LimitExceededError when it
    unpacks to too much.
    """
    with ExitStack() as opened:
        stream = opened.enter_context(source.path.open("rb"))
        package: BinaryIO = stream
        if is_encrypted_package(source.path):
            package = _decrypted(stream, source)
        try:
            if not salvage.is_sound(package, source.limits):
                package, lost = salvage.salvaged(package, source.limits)
                opened.enter_context(package)
                _note(source, lost)
        except LimitExceededError as exc:
            raise LimitExceededError(f"{source.name}: {exc}", **exc.params) from exc
        except DamagedFileError as exc:
            raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc
        if odf_password.is_encrypted(package):
            package = odf_password.decrypted(package, source)
        package.seek(0)
        yield package


def _note(source: Source, lost: list[str]) -> None:
    source.missing = "damaged_parts"
    source.missing_params = {"parts": ", ".join(lost[:_MOST_NAMED])}


def _decrypted(stream: BinaryIO, source: Source) -> BinaryIO:
    if source.password is None:
        raise EncryptedFileError(f"{source.name}: a password is needed", format=source.format.name)
    try:
        plain = decrypted(stream, source.password, verify=True)
    except ProtectionError as exc:
        raise DamagedFileError(f"{source.name}: {exc}", format=source.format.name) from exc
    if plain is None:
        raise EncryptedFileError(f"{source.name}: wrong password", format=source.format.name)
    return plain
