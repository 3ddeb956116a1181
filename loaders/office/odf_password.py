"""OpenDocument files with a password (ODF 1.3 part 2, section 3.4.2 and 4.8 "Encryption").

Each part is packed, encrypted and stored by itself; the manifest tells how.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

from lxml import etree

from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.salvage import UNREADABLE
from loaders.source import Source

_MANIFEST = "META-INF/manifest.xml"
_MARK = b"encryption-data"
_CHECKED_BYTES = 1024
_MOST_ROUNDS = 10_000_000


@dataclass(frozen=True, slots=True)
class _Key:
    """How a part is encrypted; ``start`` and ``check`` are names of hash functions."""

    algorithm: str
    vector: bytes
    salt: bytes
    rounds: int
    size: int
    start: str
    check: str
    sum: bytes


def is_encrypted(package: BinaryIO) -> bool:
    """Tell whether this is an OpenDocument file with a password."""
    try:
        with zipfile.ZipFile(package) as archive:
            return _MANIFEST in archive.namelist() and _MARK in archive.read(_MANIFEST)
    except UNREADABLE:
        return False


def decrypted(package: BinaryIO, source: Source) -> BinaryIO:
    """Return the package with all its parts in clear.

    Raises:
        DamagedFileError: the manifest or a part is not what the standard says.
        EncryptedFileError: the password is missing or wrong, or the cipher is not known here.
    """
    if source.password is None:
        raise EncryptedFileError(f"{source.name}: a password is needed", format=source.format.name)
    plain = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(package) as archive,
            zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as copied,
        ):
            manifest = _parsed(archive.read(_MANIFEST))
            keys = _keys(manifest)
            room = source.limits.unpacked_mb << 20
            for entry in archive.infolist():
                content = archive.read(entry)
                if entry.filename == _MANIFEST:
                    content = etree.tostring(manifest, encoding="UTF-8", xml_declaration=True)
                elif entry.filename in keys:
                    content = _clear(content, keys[entry.filename], source, room)
                room -= len(content)
                copied.writestr(entry.filename, content)
    except (*UNREADABLE, etree.LxmlError, KeyError, TypeError) as exc:
        raise DamagedFileError(
            f"{source.name}: {type(exc).__name__}: {exc}", format=source.format.name
        ) from exc
    plain.seek(0)
    return plain


def _parsed(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _keys(manifest: Any) -> dict[str, _Key]:
    """Read how each part is encrypted, and take that out of the manifest."""
    keys: dict[str, _Key] = {}
    for entry in manifest.iter("{*}file-entry"):
        told = entry.find("{*}encryption-data")
        if told is None:
            continue
        keys[_attribute(entry, "full-path")] = _key(told)
        entry.remove(told)
    return keys


def _key(told: Any) -> _Key:
    algorithm = told.find("{*}algorithm")
    derivation = told.find("{*}key-derivation")
    start = told.find("{*}start-key-generation")
    return _Key(
        algorithm=_attribute(algorithm, "algorithm-name"),
        vector=base64.b64decode(_attribute(algorithm, "initialisation-vector")),
        salt=base64.b64decode(_attribute(derivation, "salt")),
        rounds=int(_attribute(derivation, "iteration-count")),
        size=int(_attribute(derivation, "key-size", "16")),
        start=_hash_name(_attribute(start, "start-key-generation-name", "SHA1")),
        check=_hash_name(_attribute(told, "checksum-type")),
        sum=base64.b64decode(_attribute(told, "checksum")),
    )


def _attribute(element: Any, name: str, usual: str = "") -> str:
    for key, value in element.attrib.items() if element is not None else ():
        if key.rpartition("}")[2] == name:
            return str(value)
    return usual


def _hash_name(told: str) -> str:
    return "sha256" if "sha256" in told.lower() else "sha1"


def _clear(data: bytes, key: _Key, source: Source, room: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if "aes256-cbc" not in key.algorithm.lower() or not 0 < key.rounds <= _MOST_ROUNDS:
        raise EncryptedFileError(
            f"{source.name}: unknown cipher {key.algorithm}", format=source.format.name
        )
    start = hashlib.new(key.start, (source.password or "").encode()).digest()
    derived = hashlib.pbkdf2_hmac("sha1", start, key.salt, key.rounds, key.size)
    cipher = Cipher(algorithms.AES(derived), modes.CBC(key.vector)).decryptor()
    packed = cipher.update(data) + cipher.finalize()
    # ISO 10126 padding: its last byte is its length.
    packed = packed[: -packed[-1]] if packed else packed
    found = hashlib.new(key.check, packed[:_CHECKED_BYTES]).digest()
    if not hmac.compare_digest(found, key.sum):
        raise EncryptedFileError(f"{source.name}: wrong password", format=source.format.name)
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, max(1, room))
