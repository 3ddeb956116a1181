"""LibreOffice: kept running, killed when it hangs, gone with its owner, blind to the network."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import messages
from loaders.errors import (
    DamagedFileError,
    LibreOfficeMissingError,
    LimitExceededError,
    LoaderCrashedError,
)
from loaders.office import libreoffice
from loaders.records import ElementRecord
from loaders.sandbox import ParserPool

ROOT = Path(__file__).parents[3]
RTF = rb"{\rtf1\ansi The pump is serviced twice a year.\par}"
ODT_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{type}"/>
{entries}</manifest:manifest>"""
ODT_TYPE = "application/vnd.oasis.opendocument.text"
ODT_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content office:version="1.2"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"
 xmlns:xlink="http://www.w3.org/1999/xlink">{scripts}
<office:body><office:text>{body}</office:text></office:body></office:document-content>"""


def converted_text(data: bytes, suffix: str = "rtf", *, seconds: float = 120.0) -> str:
    with (
        libreoffice.converted(
            io.BytesIO(data), suffix, libreoffice.DOCX, name="a", seconds=seconds
        ) as path,
        zipfile.ZipFile(path) as archive,
    ):
        return archive.read("word/document.xml").decode()


def odt(body: str, scripts: str = "", **files: str) -> bytes:
    stream = io.BytesIO()
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
        for name in ("content.xml", *files)
    )
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", ODT_TYPE)
        archive.writestr("content.xml", ODT_CONTENT.format(body=body, scripts=scripts))
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(
            "META-INF/manifest.xml", ODT_MANIFEST.format(type=ODT_TYPE, entries=entries)
        )
    return stream.getvalue()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def office_pid() -> int:
    """Return the process of LibreOffice itself, below its leash."""
    process = libreoffice._office()._leash
    assert process is not None
    (pid,) = children(process.pid)
    return pid


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "still running"
        time.sleep(0.05)


@pytest.mark.usefixtures("office")
class TestWithLibreOffice:
    def test_one_program_serves_file_after_file(self) -> None:
        assert "serviced twice a year" in converted_text(RTF)
        first = office_pid()
        assert "serviced once a year" in converted_text(RTF.replace(b"twice", b"once"))
        assert office_pid() == first

    def test_the_result_goes_with_the_context(self) -> None:
        with libreoffice.converted(io.BytesIO(RTF), "rtf", libreoffice.DOCX, name="a") as path:
            assert path.suffix == ".docx"
            folder = path.parent.parent
            assert folder.is_dir()
        assert not folder.exists()

    def test_what_it_cannot_open_is_damaged(self) -> None:
        with pytest.raises(DamagedFileError) as caught:
            converted_text(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000), "doc")
        assert caught.value.params == {"format": "doc"}

    def test_after_it_was_killed_another_takes_over(self) -> None:
        converted_text(RTF)
        first = office_pid()
        os.kill(first, signal.SIGKILL)
        assert "serviced twice a year" in converted_text(RTF)
        assert office_pid() != first

    def test_one_that_hangs_is_ended_and_costs_one_file(self) -> None:
        converted_text(RTF)
        first = office_pid()
        os.kill(first, signal.SIGSTOP)
        with pytest.raises(LimitExceededError) as caught:
            converted_text(RTF, seconds=0.5)
        assert caught.value.params == {"limit": "time", "value": 0.5}
        wait_for_end(first)
        assert "serviced twice a year" in converted_text(RTF)

    def test_a_file_that_kills_it_twice_is_given_up(self) -> None:
        converted_text(RTF)
        done = threading.Event()

        def kill_each() -> None:
            while not done.wait(0.02):
                with contextlib.suppress(
                    AssertionError, ValueError, FileNotFoundError, ProcessLookupError
                ):
                    os.kill(office_pid(), signal.SIGKILL)

        killer = threading.Thread(target=kill_each)
        killer.start()
        try:
            # Long enough to be hit on the fastest machine.
            long = RTF[:-1] + rb"Each part has its page.\par " * 200_000 + b"}"
            with pytest.raises(LoaderCrashedError):
                converted_text(long)
        finally:
            done.set()
            killer.join()
        assert "serviced twice a year" in converted_text(RTF)

    def test_closing_leaves_nothing_behind(self) -> None:
        converted_text(RTF)
        pid = office_pid()
        office = libreoffice._office()
        assert office._leash is not None
        folder = Path(office._leash.args[4])  # type: ignore[index, arg-type]
        assert folder.is_dir()
        assert Path(office._socket).exists()
        libreoffice.close()
        assert not Path(f"/proc/{pid}").exists()
        assert not folder.exists()
        assert not Path(office._socket).exists()

    def test_it_ends_with_an_owner_that_was_killed(self, tmp_path: Path) -> None:
        script = (
            "import io, time; from loaders.office import libreoffice\n"
            f"with libreoffice.converted(io.BytesIO({RTF!r}), 'rtf', libreoffice.DOCX, name='a'):\n"
            "    print(libreoffice._office()._leash.pid, libreoffice._office()._socket,"
            " flush=True)\n    time.sleep(600)\n"
        )
        owner = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path)),
            text=True,
        )
        assert owner.stdout is not None
        leash, socket = owner.stdout.readline().split()
        (office,) = children(int(leash))
        owner.kill()
        owner.wait()
        owner.stdout.close()
        wait_for_end(office)
        wait_for_end(int(leash))
        assert not Path(socket).exists()
        assert list(tmp_path.glob("zhiku-office-*")) == []

    def test_two_parsers_convert_at_once(self, tmp_path: Path) -> None:
        texts: dict[str, list[str]] = {}

        def read(pool: ParserPool, word: str) -> None:
            path = tmp_path / f"{word}.rtf"
            path.write_bytes(RTF.replace(b"twice", word.encode()))
            texts[word] = [
                record.text for record in pool.load(path) if isinstance(record, ElementRecord)
            ]

        with ParserPool(2, seconds=120) as pool:
            readers = [
                threading.Thread(target=read, args=(pool, word)) for word in ("once", "often")
            ]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            offices = [
                pid
                for child in pool._running
                for leash in children(child._process.pid)
                for pid in children(leash)
            ]
        assert texts == {
            "once": ["The pump is serviced once a year."],
            "often": ["The pump is serviced often a year."],
        }
        assert len(set(offices)) == 2
        for pid in offices:
            wait_for_end(pid)

    def test_nothing_is_fetched_and_no_file_beside_it_is_read(
        self, listener: tuple[str, list[str]], tmp_path: Path
    ) -> None:
        address, asked = listener
        (tmp_path / "secret.txt").write_text("the combination is 4711", "utf-8")
        frame = (
            '<text:p><draw:frame svg:width="5cm" svg:height="5cm" text:anchor-type="as-char">'
            '<draw:{0} xlink:href="{1}/{0}" xlink:type="simple"/></draw:frame></text:p>'
        )
        section = (
            '<text:section text:name="S{0}"><text:section-source xlink:href="{1}"/>'
            "<text:p>kept {0}</text:p></text:section>"
        )
        text = converted_text(
            odt(
                "<text:p>The text itself</text:p>"
                + frame.format("image", address)
                + frame.format("object", address)
                + frame.format("floating-frame", address)
                + section.format(1, f"{address}/section.html")
                + section.format(2, (tmp_path / "secret.txt").as_uri())
            ),
            "odt",
        )
        assert asked == []
        assert "4711" not in text
        for expected in ("The text itself", "kept 1", "kept 2"):
            assert expected in text

    def test_macros_do_not_run(self, tmp_path: Path) -> None:
        marker = tmp_path / "was here"
        listeners = (
            "<office:scripts><office:event-listeners>"
            '<script:event-listener script:language="ooo:script" script:event-name="dom:load"'
            ' xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic'
            '&amp;location=document" xlink:type="simple"/>'
            "</office:event-listeners></office:scripts>"
        )
        text = converted_text(
            odt(
                "<text:p>The text itself</text:p>",
                listeners,
                **{
                    "Basic/script-lc.xml": LIBRARIES,
                    "Basic/Standard/script-lb.xml": LIBRARY,
                    "Basic/Standard/Module1.xml": MODULE.format(path=marker),
                },
            ),
            "odt",
        )
        assert "The text itself" in text
        assert not marker.exists()


LIBRARIES = """<?xml version="1.0" encoding="UTF-8"?>
<library:libraries xmlns:library="http://openoffice.org/2000/library"
 xmlns:xlink="http://www.w3.org/1999/xlink">
<library:library library:name="Standard" library:link="false"/></library:libraries>"""
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"
 library:readonly="false" library:passwordprotected="false">
<library:element library:name="Module1"/></library:library>"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1"
 script:language="StarBasic">Sub Main
Open "{path}" For Output As #1
Print #1, "x"
Close #1
End Sub
</script:module>"""


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a web server and the list of what it was asked for."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline().decode("latin-1"))

    server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_where_it_is_not_installed_the_person_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(libreoffice, "_OTHER_PLACES", ())
    assert libreoffice.available() is False
    with pytest.raises(LibreOfficeMissingError) as caught:
        converted_text(RTF)
    sentence = messages.of_error(caught.value, "zh").text
    assert "LibreOffice" in sentence
    assert "sudo apt-get install -y libreoffice-writer-nogui" in sentence


def test_a_part_that_is_not_installed_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("soffice", "soffice.bin", "libswlo.so"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert libreoffice.available(libreoffice.DOCX) is True
    assert libreoffice.available(libreoffice.PPTX) is False


def test_the_socket_is_named_after_the_profile() -> None:
    name = libreoffice._socket_path("file:///tmp/profile")
    assert name == f"/tmp/OSL_PIPE_{os.getuid()}_SingleOfficeIPC_9f4e8ca69bb1778bedcc4bb640e4c345"  # noqa: S108
