"""Mails and saved pages: heads, bodies in any encoding, nested mails, attachments."""

from __future__ import annotations

import base64
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest

from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.pdf_maker import Put, make_pdf


def _read(path: Path, content: bytes | EmailMessage) -> tuple[list[str], LoadSummary]:
    path.write_bytes(content if isinstance(content, bytes) else content.as_bytes())
    *records, summary = records_of(path)
    assert isinstance(summary, LoadSummary)
    return [record.text for record in records if isinstance(record, ElementRecord)], summary


def _mail(subject: str, text: str = "正文的内容。") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "张三 <zhang@example.com>"
    mail["To"] = "li@example.com"
    mail["Date"] = "Tue, 05 Mar 2024 14:20:00 +0800"
    mail.set_content(text)
    return mail


def test_head_body_and_title(tmp_path: Path) -> None:
    texts, summary = _read(tmp_path / "信.eml", _mail("采购通知"))

    assert texts == [
        "采购通知",
        "发件人：张三 <zhang@example.com>\n收件人：li@example.com\n日期：2024-03-05 14:20 +0800",
        "正文的内容。",
    ]
    assert summary.title == "采购通知"


def test_page_is_preferred_to_plain_text_and_read_once(tmp_path: Path) -> None:
    mail = _mail("两种", "纯文本的正文。")
    mail.add_alternative("<html><body><p>网页的正文。</p></body></html>", subtype="html")

    assert _read(tmp_path / "双.eml", mail)[0][2:] == ["网页的正文。"]


def test_plain_text_stands_in_for_an_empty_page(tmp_path: Path) -> None:
    mail = _mail("两种", "纯文本的正文。")
    mail.add_alternative("<html><body><div> </div></body></html>", subtype="html")

    assert _read(tmp_path / "空.eml", mail)[0][2:] == ["纯文本的正文。"]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("gb2312", "gb18030"),
        ("iso-8859-1", "gb18030"),
        (None, "gb18030"),
        ("x-no-such", "utf-8"),
        ("gb18030", "utf-8"),
        ("utf-8", "gb18030"),
        ("iso-2022-jp", "iso-2022-jp"),
    ],
)
def test_body_is_decoded_whatever_it_says(
    tmp_path: Path, declared: str | None, encoding: str
) -> None:
    text = (
        "会議の資料を送ります。" if encoding == "iso-2022-jp" else "各部门：请在月底之前提交预算。"
    )
    charset = f"; charset={declared}" if declared else ""
    head = f"Subject: x\r\nContent-Type: text/plain{charset}\r\n\r\n"

    assert _read(tmp_path / "码.eml", head.encode() + text.encode(encoding))[0] == ["x", text]


def test_headers_are_decoded_though_broken(tmp_path: Path) -> None:
    raw = "关于放假的通知".encode("gb18030")
    first, second = base64.b64encode(raw[:5]).decode(), base64.b64encode(raw[5:]).decode()
    head = f"Subject: =?gb2312?B?{first}?=\r\n =?gb2312?B?{second}?=\r\n".encode()
    plain = b"From: " + "张三".encode("gb18030") + b" <a@b.c>\r\n"
    date = b"Date: yesterday\r\n"

    texts, _ = _read(tmp_path / "头.eml", head + plain + date + "\r\n正文。".encode())
    assert texts[:2] == ["关于放假的通知", "发件人：张三 <a@b.c>\n日期：yesterday"]


def test_forwarded_mail_and_attachments_follow(tmp_path: Path) -> None:
    file = io.BytesIO()
    document = docx.Document()
    document.add_heading("验收标准", 1)
    document.add_paragraph("压力不低于两兆帕。")
    document.save(file)
    mail = _mail("资料")
    mail.add_attachment(
        file.getvalue(), maintype="application", subtype="octet-stream", filename="标准.docx"
    )
    mail.add_attachment(b"\x00\x01\x02", maintype="audio", subtype="mpeg", filename="录音.mp3")
    mail.add_attachment(_mail("原来的信", "原来的正文。"))
    path = tmp_path / "附.eml"

    texts, summary = _read(path, mail)
    assert texts[2:] == [
        "正文的内容。",
        "原来的信",
        "发件人：张三 <zhang@example.com>\n收件人：li@example.com\n日期：2024-03-05 14:20 +0800",
        "原来的正文。",
        "附件：标准.docx",
        "验收标准",
        "压力不低于两兆帕。",
        "附件：录音.mp3",
    ]
    assert summary.missing is None
    levels = {
        record.text: record.level
        for record in records_of(path)
        if isinstance(record, ElementRecord) and record.category == "Title"
    }
    assert levels == {
        "资料": 1,
        "原来的信": 2,
        "附件：标准.docx": 2,
        "验收标准": 3,
        "附件：录音.mp3": 2,
    }


def test_pages_of_an_attachment_are_said_in_words(tmp_path: Path) -> None:
    inner = make_pdf(
        tmp_path / "c.pdf", [[Put(72, 700, "第一页的约定。")], [Put(72, 700, "第二页的约定。")]]
    )
    mail = _mail("合同")
    mail.add_attachment(
        inner.read_bytes(), maintype="application", subtype="pdf", filename="合同.pdf"
    )
    (tmp_path / "信.eml").write_bytes(mail.as_bytes())

    records = [each for each in records_of(tmp_path / "信.eml") if isinstance(each, ElementRecord)]

    assert [(each.text, each.page, each.spans, each.within) for each in records[-3:]] == [
        ("附件：合同.pdf", None, (), ""),
        ("第一页的约定。", None, (), "第1页"),
        ("第二页的约定。", None, (), "第2页"),
    ]


def test_unreadable_attachment_makes_the_mail_partial(tmp_path: Path) -> None:
    mail = _mail("坏附件")
    mail.add_attachment(
        b"PK\x03\x04broken", maintype="application", subtype="zip", filename="坏.docx"
    )

    texts, summary = _read(tmp_path / "坏.eml", mail)
    assert texts[-1] == "附件：坏.docx"
    assert (summary.missing, summary.missing_params) == (
        "attachments_unread",
        (("names", "坏.docx"),),
    )


def test_mails_inside_mails_are_read_to_a_depth(tmp_path: Path) -> None:
    mail = _mail("第0层", "内容0。")
    for level in range(1, 8):
        outer = _mail(f"第{level}层", f"内容{level}。")
        outer.add_attachment(mail.as_bytes(), maintype="application", subtype="x", filename="x.eml")
        mail = outer

    texts, summary = _read(tmp_path / "深.eml", mail)
    assert [text for text in texts if text.startswith("内容")] == [
        "内容7。",
        "内容6。",
        "内容5。",
        "内容4。",
    ]
    assert summary.missing == "attachments_unread"


def test_attached_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(120 * 1024 * 1024))
    mail = _mail("炸弹")
    mail.add_attachment(
        file.getvalue(), maintype="application", subtype="octet-stream", filename="弹.docx"
    )

    assert _read(tmp_path / "弹.eml", mail)[1].missing == "attachments_unread"


def test_winmail_is_warned_of(tmp_path: Path) -> None:
    mail = _mail("老格式")
    mail.add_attachment(
        b"\x78\x9f\x3e\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )

    texts, summary = _read(tmp_path / "老.eml", mail)
    assert texts[-1] == "正文的内容。"
    assert summary.warnings == ("winmail_ignored",)


def test_encrypted_mail_is_partial(tmp_path: Path) -> None:
    head = "Subject: 机密\r\nContent-Type: application/pkcs7-mime; name=a.p7m\r\n\r\nMIIB"

    texts, summary = _read(tmp_path / "密.eml", head.encode())
    assert texts == ["机密"]
    assert summary.missing == "sealed_message"


def test_invitation_shows_what_when_and_where(tmp_path: Path) -> None:
    event = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:预算评审\r\nDTSTART;TZID=x:20240305T140000\r\n"
        "LOCATION:三号会\r\n 议室\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    head = "Subject: x\r\nContent-Type: text/calendar; charset=utf-8\r\n\r\n"

    assert _read(tmp_path / "约.eml", (head + event).encode())[0] == [
        "x",
        "预算评审",
        "开始时间：2024-03-05 14:00",
        "地点：三号会议室",
    ]


def test_saved_page_is_read_with_its_frames(tmp_path: Path) -> None:
    page = (
        "From: <Saved by a browser>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related; boundary="b"; type="text/html"\r\n\r\n'
        "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\n<html><p>=E4=B8=BB=E9=A1=B5=E3=80=82</p></html>\r\n"
        "--b\r\nContent-Type: text/css\r\n\r\np {color: red}\r\n"
        "--b\r\nContent-Type: text/html; charset=gb2312\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode("<html><p>框架里的话。</p></html>".encode("gb18030")).decode()
        + "\r\n--b--\r\n"
    )

    assert _read(tmp_path / "页.mhtml", page.encode())[0] == ["主页。", "框架里的话。"]


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\nbody",
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody",
        b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\nbody",
        b"Subject: =?utf-8?B?!!!?=\r\n\r\nbody",
        b"Subject: x\r\nContent-Type: ;;;=\r\nContent-Disposition: ===;;\r\n\r\nbody",
    ],
)
def test_malformed_mails_still_show_their_text(tmp_path: Path, content: bytes) -> None:
    texts, _ = _read(tmp_path / "坏.eml", content)

    assert texts[0]
