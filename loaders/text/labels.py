"""The few words that loaders put before a text, where a format shows by its place what it is.

They become part of the text, so they are in its language: a question about the sender of a
Chinese mail says 发件人.
"""

from __future__ import annotations

import re

_CHINESE = re.compile(r"[一-鿿]")
_WORDS = {
    "notes": ("备注", "Notes"),
    "comment": ("批注", "Comment"),
    "from": ("发件人", "From"),
    "to": ("收件人", "To"),
    "cc": ("抄送", "Cc"),
    "bcc": ("密送", "Bcc"),
    "date": ("日期", "Date"),
    "start": ("开始时间", "Start"),
    "end": ("结束时间", "End"),
    "place": ("地点", "Location"),
    "name": ("姓名", "Name"),
    "company": ("公司", "Company"),
    "department": ("部门", "Department"),
    "position": ("职务", "Position"),
    "address": ("地址", "Address"),
    "mail": ("电子邮件", "E-mail"),
    "phone": ("电话", "Phone"),
    "mobile": ("手机", "Mobile"),
    "fax": ("传真", "Fax"),
    "attachment": ("附件", "Attachment"),
    "object": ("嵌入文件", "Embedded file"),
    "picture": ("图片", "Picture"),
}


def page_label(page: int, *, context: str) -> str:
    """Name a page of a file inside another one; ``context`` tells the language."""
    return f"第{page}页" if _CHINESE.search(context) else f"page {page}"


def labelled(word: str, text: str, *, by: str = "", context: str = "") -> str:
    """Return the text behind its word, and who said it; ``context`` helps to tell the language."""
    if _CHINESE.search(text + context):
        return f"{_WORDS[word][0]}{f'（{by}）' if by else ''}：{text}"
    return f"{_WORDS[word][1]}{f' ({by})' if by else ''}: {text}"
