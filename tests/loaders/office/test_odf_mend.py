from __future__ import annotations

import io
import zipfile

from loaders.office.odf_mend import rebuilt

CONTENT = b"<office xmlns='urn:x'><text>whole</text></office>"


def package(**parts: bytes) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream


def test_text_styles_and_pictures_are_kept_under_a_new_manifest() -> None:
    old = package(
        **{
            "settings.xml": b"<broken",
            "content.xml": CONTENT,
            "Pictures/a&b.png": b"picture",
            "Thumbnails/thumbnail.png": b"small",
        }
    )
    file = io.BytesIO()
    assert rebuilt(old, file, "odt") == []
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == [
            "mimetype",
            "content.xml",
            "Pictures/a&b.png",
            "META-INF/manifest.xml",
        ]
        assert archive.read("mimetype") == b"application/vnd.oasis.opendocument.text"
        assert b"<text>whole</text>" in archive.read("content.xml")
        assert b'manifest:full-path="Pictures/a&amp;b.png"' in archive.read("META-INF/manifest.xml")


def test_a_part_that_breaks_off_is_closed_and_named() -> None:
    file = io.BytesIO()
    lost = rebuilt(package(**{"content.xml": CONTENT[:32], "styles.xml": b"<a/>"}), file, "odp")
    assert lost == ["content.xml"]
    with zipfile.ZipFile(file) as archive:
        assert archive.read("content.xml").endswith(b"<text>whol</text></office>")


def test_without_a_text_there_is_nothing_to_mend() -> None:
    assert rebuilt(package(**{"styles.xml": b"<a/>"}), io.BytesIO(), "odt") is None
    assert rebuilt(io.BytesIO(b"no container"), io.BytesIO(), "odt") is None
