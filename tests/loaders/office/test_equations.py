"""Equations on one line."""

from __future__ import annotations

import pytest
from lxml import etree

from loaders.office.equations import equation_text
from tests.loaders.office_maker import root


def _run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        (f"<m:sSup><m:e>{_run('x')}</m:e><m:sup>{_run('2')}</m:sup></m:sSup>", "x^2"),
        (f"<m:sSub><m:e>{_run('k')}</m:e><m:sub>{_run('i+1')}</m:sub></m:sSub>", "k_(i+1)"),
        (f"<m:rad><m:deg/><m:e>{_run('n')}</m:e></m:rad>", "√n"),
        (f"<m:d><m:e>{_run('a')}</m:e><m:e>{_run('b')}</m:e></m:d>", "(a|b)"),
        (
            f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{_run('i=1')}</m:sub>"
            f"<m:sup>{_run('n')}</m:sup><m:e>{_run('x')}</m:e></m:nary>",
            "∑_(i=1)^(n) x",
        ),
        (
            f"<m:f><m:fPr><m:type m:val='noBar'/></m:fPr><m:num>{_run('n')}</m:num>"
            f"<m:den>{_run('k')}</m:den></m:f>",
            "(n k)",
        ),
        (
            f"<m:m><m:mr><m:e>{_run('1')}</m:e><m:e>{_run('0')}</m:e></m:mr></m:m>",
            "1 0; ",
        ),
    ],
)
def test_equation_is_written_on_one_line(markup: str, shown: str) -> None:
    assert equation_text(etree.fromstring(root("m:oMath", markup))) == shown
