import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from app.health_table import health_rows, percent, remarks
from kb.types import DocumentRecord, Reason
from kb.workspace import Workspace


@pytest.mark.parametrize(
    ("share", "shown"), [(None, ""), (1.0, "100%"), (0.8712, "87.1%"), (0.0, "0%"), (0.9, "90%")]
)
def test_shares_are_percentages_without_a_needless_zero(share: float | None, shown: str) -> None:
    assert percent(share) == shown


def test_remarks_name_the_reason_and_every_warning() -> None:
    record = DocumentRecord(
        document_id=1,
        kb_id="kb",
        document="a.pdf",
        state="partial",
        reason=Reason("page_limit", {"pages": 9, "read": 5}),
        format="pdf",
        encoding=None,
        title=None,
        size=1,
        pages=9,
        lines=1,
        passages=1,
        owner="",
        created_at=0,
        updated_at=0,
        health="amber",
        warnings=(Reason("low_confidence", {"confidence": 61, "pages": 2}),),
    )
    assert remarks(record, "zh") == (
        "文件共 9 页，只读取了前 5 页。2 页由文字识别（OCR）读出，平均可信度只有 61%，可能有错字。"
    )
    assert remarks(record, "en").startswith("Only the first 5 of 9 pages were read. 2 pages")


def test_names_that_look_like_formulas_are_kept_from_being_one(
    workspace: Workspace, write: Callable[[str, str], Path]
) -> None:
    workspace.create("库")
    folder = write("=cmd().txt", "内容甲。").parent
    write("普通, “引号”.txt", "内容乙。")
    base = workspace.knowledge_base("库")
    assert workspace.queue.wait(base.add([folder]).job_id, timeout=60).state == "done"
    table = "".join(health_rows(base, "en")).removeprefix("\ufeff")
    rows = list(csv.DictReader(table.splitlines()))
    assert [row["Document"] for row in rows] == ["'=cmd().txt", "普通, “引号”.txt"]
    assert [row["Characters"] for row in rows] == ["4", "4"]
