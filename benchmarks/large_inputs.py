"""Makes large files for the benchmarks: a text, a CSV and a PDF whose sentences all differ."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

_SUBJECTS = [
    "公司",
    "董事会",
    "监事会",
    "采购部",
    "财务部",
    "人力资源部",
    "项目组",
    "供应商",
    "客户代表",
    "审计委员会",
    "研发中心",
    "质检员",
    "仓库管理员",
    "法律顾问",
    "区域经理",
    "子公司",
    "承包单位",
    "监理单位",
    "信息中心",
    "售后团队",
]
_TIMES = [
    "上半年",
    "第三季度",
    "本月",
    "年末",
    "签约之日",
    "验收之后",
    "每个工作日",
    "合同期内",
    "雨季之前",
    "审计期间",
]
_VERBS = [
    "审核",
    "批准",
    "登记",
    "退回",
    "复核",
    "移交",
    "公示",
    "修订",
    "汇总",
    "盘点",
    "签收",
    "整改",
    "归档",
    "评估",
    "抽查",
    "催办",
]
_OBJECTS = [
    "采购合同",
    "差旅报销单",
    "设备清单",
    "质量检验报告",
    "年度预算",
    "安全生产台账",
    "客户投诉记录",
    "库存明细",
    "用印申请",
    "招标文件",
    "工程变更单",
    "薪酬方案",
    "应收账款",
    "培训计划",
    "保密协议",
    "固定资产卡片",
    "物流单据",
    "施工日志",
    "专利申请",
    "运维工单",
]
_ENDS = (
    "并在{days}个工作日内答复",
    "金额为{money}元",
    "涉及{count}个部门",
    "结果报{who}备案",
    "逾期按每日{rate}%计收滞纳金",
    "其余事项另行通知",
    "编号为{code}",
)
_CITIES = [
    "北京",
    "上海",
    "广州",
    "深圳",
    "成都",
    "武汉",
    "西安",
    "杭州",
    "青岛",
    "长沙",
    "哈尔滨",
    "乌鲁木齐",
]
_STATES = ["已完成", "处理中", "已退回", "待审批"]
_HEADER = ("编号", "日期", "客户", "城市", "项目", "数量", "单价", "金额", "状态", "备注")

_PAGE_LINES = 32
_LINE_CHARACTERS = 38
_FLUSH_CHARACTERS = 1 << 20


def write_text(path: Path, size: int, *, seed: int = 1) -> None:
    """Write a Chinese text of ``size`` bytes or a little more: chapters, articles, paragraphs."""
    chance = random.Random(seed)  # noqa: S311 - sentences, no secrets
    written = 0
    chapter = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while written < size:
            chapter += 1
            part = [f"第{chapter}章 {chance.choice(_OBJECTS)}的管理\n\n"]
            for number in range(1, 41):
                sentences = "".join(_sentence(chance) for _ in range(chance.randint(2, 9)))
                part.append(f"{chapter}.{number} {sentences}\n\n")
            text = "".join(part)
            written += len(text.encode())
            file.write(text)


def write_csv(path: Path, size: int, *, seed: int = 2) -> None:
    """Write a CSV of ``size`` bytes or a little more: numbers, dates, names and remarks."""
    chance = random.Random(seed)  # noqa: S311
    written = 0
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\r\n")
    rows.writerow(_HEADER)
    number = 0
    with path.open("wb") as file:
        while written < size:
            number += 1
            rows.writerow(_row(chance, number))
            if buffer.tell() > _FLUSH_CHARACTERS:
                written += file.write(buffer.getvalue().encode())
                buffer.seek(0)
                buffer.truncate()


def write_pdf(path: Path, pages: int, *, seed: int = 3) -> None:
    """Write a PDF with a text layer in a standard Chinese font, page by page."""
    chance = random.Random(seed)  # noqa: S311
    offsets: dict[int, int] = {}
    with path.open("wb") as file:

        def put(number: int, body: bytes) -> None:
            offsets[number] = file.tell()
            file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

        file.write(b"%PDF-1.4\n")
        put(1, b"<< /Type /Catalog /Pages 2 0 R >>")
        put(
            3,
            b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
            b" /DescendantFonts [4 0 R] >>",
        )
        put(
            4,
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500]"
            b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >>"
            b" /FontDescriptor 5 0 R >>",
        )
        put(
            5,
            b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4"
            b" /FontBBox [0 -120 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120"
            b" /CapHeight 880 /StemV 93 >>",
        )
        kids = []
        for page in range(1, pages + 1):
            content = b"".join(_pdf_lines(chance, page))
            number = 4 + 2 * page
            put(number, b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
            put(
                number + 1,
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
                b" /Resources << /Font << /F1 3 0 R >> >> >>" % number,
            )
            kids.append(b"%d 0 R" % (number + 1))
        put(2, b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b" ".join(kids), pages))
        start = file.tell()
        file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        file.write(b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets)))
        file.write(
            b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(offsets) + 1, start)
        )


def _sentence(chance: random.Random) -> str:
    end = chance.choice(_ENDS).format(
        days=chance.randint(1, 60),
        money=f"{chance.randint(100, 9_999_999):,}",
        count=chance.randint(2, 30),
        who=chance.choice(_SUBJECTS),
        rate=chance.randint(1, 50) / 100,
        code=f"{chance.choice('ABCDEFGH')}{chance.randint(0, 10**8):08d}",
    )
    return (
        f"{chance.choice(_TIMES)}，{chance.choice(_SUBJECTS)}应当{chance.choice(_VERBS)}"
        f"{chance.choice(_CITIES)}的{chance.choice(_OBJECTS)}，{end}。"
    )


def _row(chance: random.Random, number: int) -> tuple[object, ...]:
    count = chance.randint(1, 5000)
    price = chance.randint(100, 999_999) / 100
    remark = ""
    if number % 3 == 0:
        remark = _sentence(chance)
    elif number % 50 == 1:
        remark = f'分两批，{chance.choice(_CITIES)}\n其余“待定”, "急"'
    return (
        f"D{number:08d}",
        f"20{chance.randint(10, 26)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        f"{chance.choice(_CITIES)}{chance.choice('华东南北新联众')}{chance.randint(1, 99_999)}公司",
        chance.choice(_CITIES),
        chance.choice(_OBJECTS),
        count,
        f"{price:.2f}",
        f"{count * price:,.2f}",
        chance.choice(_STATES),
        remark,
    )


def _pdf_lines(chance: random.Random, page: int) -> Iterator[bytes]:
    text = f"第{page}节 {chance.choice(_OBJECTS)}"
    yield _pdf_text(60, 780, 14, text)
    body = ""
    while len(body) < _PAGE_LINES * _LINE_CHARACTERS:
        body += _sentence(chance)
    for line in range(_PAGE_LINES):
        piece = body[line * _LINE_CHARACTERS : (line + 1) * _LINE_CHARACTERS]
        yield _pdf_text(60, 750 - 21 * line, 12, piece)
    yield _pdf_text(290, 40, 9, str(page))


def _pdf_text(x: int, y: int, size: int, text: str) -> bytes:
    code = text.encode("utf-16-be").hex()
    return f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm <{code}> Tj ET\n".encode()
