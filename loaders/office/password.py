"""Decrypt what the office programs encrypted: packages of today and files before 2007."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO


class ProtectionError(Exception):
    """The protection is unknown, or the container is broken; its cause is chained."""


def decrypted(stream: BinaryIO, password: str, *, verify: bool = False) -> io.BytesIO | None:
    """Return the plain file, None where the password is wrong.

    ``verify`` checks the password before anything is decrypted; packages can, older files cannot.

    Raises:
        ProtectionError: neither right nor wrong can be told.
    """
    import msoffcrypto
    from msoffcrypto import exceptions

    plain = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(stream)
        if verify:
            file.load_key(password=password, verify_password=True)
        else:
            file.load_key(password=password)
        file.decrypt(plain)
    except (exceptions.InvalidKeyError, exceptions.DecryptionError):
        return None
    except (
        exceptions.FileFormatError,
        exceptions.ParseError,
        struct.error,
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as exc:
        # What it raises over a broken container is whatever its code stumbles over.
        raise ProtectionError(f"{type(exc).__name__}: {exc}") from exc
    plain.seek(0)
    return plain
