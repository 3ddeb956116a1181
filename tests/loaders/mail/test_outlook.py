"""Outlook items: head, body in any of its forms, attachments, sealed messages."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from loaders.errors import LoadError
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.msg_maker import Tree, properties, text_streams, write_ole

_SENT = 133_500_000_000_000_000


def _item(texts: dict[int, str], **streams: bytes | Tree) -> Tree:
    return {
        **properties({0x0039: (0x40, _SENT)}, header=32),
        **text_streams({0x001A: "IPM.Note", **texts}),
        **streams,
    }


def _read(path: Path) -> tuple[list[str], LoadSummary]:
    *records, summary = records_of(path)
    assert isinstance(summary, LoadSummary)
    return [record.text for record in records if isinstance(record, ElementRecord)], summary


def test_mail_shows_subject_people_date_and_body(tmp_path: Path) -> None:
    recipient = {
        **properties({0x0C15: (3, 2)}, header=8),
        **text_streams({0x3001: "王五", 0x39FE: "wang@example.com"}),
    }
    path = write_ole(
        tmp_path / "信.msg",
        _item(
            {
                0x0037: "放假通知",
                0x0C1A: "张三",
                0x5D01: "zhang@example.com",
                0x0E04: "全体员工",
                0x1000: "国庆节放假七天。\r\n请安排好值班。",
            },
            **{"__recip_version1.0_#00000000": recipient},
        ),
    )

    texts, summary = _read(path)
    assert texts == [
        "放假通知",
        "发件人：张三 <zhang@example.com>\n收件人：全体员工\n抄送：王五 <wang@example.com>\n"
        "日期：2024-01-17 21:20 +0000",
        "国庆节放假七天。",
        "请安排好值班。",
    ]
    assert (summary.title, summary.missing) == ("放假通知", None)


def test_html_body_is_preferred_and_decoded_by_what_it_is(tmp_path: Path) -> None:
    markup = "<html><body><p>正文在网页里。</p></body></html>".encode("gb18030")
    path = write_ole(
        tmp_path / "网.msg", _item({0x1000: "纯文本"}, **{"__substg1.0_10130102": markup})
    )

    assert _read(path)[0][-1] == "正文在网页里。"


def test_body_in_bytes_of_another_code_page_is_decoded(tmp_path: Path) -> None:
    path = write_ole(
        tmp_path / "繁.msg",
        _item({}, **{"__substg1.0_1000001E": "會議紀錄已經寄出。".encode("big5")}),
    )

    assert _read(path)[0][-1] == "會議紀錄已經寄出。"


def test_attachments_are_read_under_their_names(tmp_path: Path) -> None:
    attachment = {
        **properties({}, header=8),
        **text_streams({0x3707: "清单.csv"}),
        "__substg1.0_37010102": "品名,数量\n水泵,3\n".encode(),
    }
    inner = {
        **properties({}, header=24),
        **text_streams({0x001A: "IPM.Note", 0x0037: "转发的信", 0x1000: "里面的话。"}),
    }
    forwarded = {
        **properties({}, header=8),
        **text_streams({0x3001: "转发的信"}),
        "__substg1.0_3701000D": inner,
    }
    path = write_ole(
        tmp_path / "附.msg",
        _item(
            {0x0037: "清单"},
            **{
                "__attach_version1.0_#00000000": attachment,
                "__attach_version1.0_#00000001": forwarded,
            },
        ),
    )

    assert _read(path)[0][-5:] == [
        "附件：清单.csv",
        "品名\t数量\n水泵\t3",
        "附件：转发的信",
        "转发的信",
        "里面的话。",
    ]


def test_contact_lists_its_fields(tmp_path: Path) -> None:
    path = write_ole(
        tmp_path / "人.msg",
        _item({0x001A: "IPM.Contact", 0x3001: "李四", 0x3A16: "某某公司", 0x3A1C: "13800000000"}),
    )

    assert _read(path)[0][-1] == "姓名：李四\n公司：某某公司\n手机：13800000000"


def test_encrypted_mail_is_partial(tmp_path: Path) -> None:
    attachment = {
        **properties({}, header=8),
        **text_streams({0x3707: "smime.p7m", 0x370E: "application/pkcs7-mime"}),
        "__substg1.0_37010102": b"0\x82",
    }
    path = write_ole(
        tmp_path / "密.msg",
        _item(
            {0x001A: "IPM.Note.SMIME", 0x0037: "机密"},
            **{"__attach_version1.0_#00000000": attachment},
        ),
    )

    texts, summary = _read(path)
    assert texts[0] == "机密"
    assert summary.missing == "sealed_message"


def test_broken_rich_body_is_noted(tmp_path: Path) -> None:
    path = write_ole(
        tmp_path / "坏.msg",
        _item({0x0037: "只有主题"}, **{"__substg1.0_10090102": b"not compressed at all"}),
    )

    texts, summary = _read(path)
    assert texts[0] == "只有主题"
    assert summary.missing == "attachments_unread"


def test_rich_body_is_unpacked_for_its_loader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def note(data: bytes, *_: object) -> list[object]:
        seen.append(data)
        return []

    monkeypatch.setattr("loaders.mail.outlook.embedded_elements", note)
    rich = b"{\\rtf1\\ansi hello}"
    packed = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    path = write_ole(
        tmp_path / "富.msg", _item({0x0037: "主题"}, **{"__substg1.0_10090102": packed})
    )

    _read(path)
    assert seen == [rich]


@pytest.mark.parametrize("cut", [600, 1500, 2500])
def test_truncated_item_is_an_error_or_its_rest(tmp_path: Path, cut: int) -> None:
    path = write_ole(tmp_path / "断.msg", _item({0x0037: "主题", 0x1000: "正文。" * 200}))
    path.write_bytes(path.read_bytes()[:cut])

    try:
        texts, _ = _read(path)
    except LoadError:
        return
    assert all(isinstance(text, str) for text in texts)
