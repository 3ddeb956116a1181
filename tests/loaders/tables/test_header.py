"""Header rows: one, several, none."""

from __future__ import annotations

import pytest

from loaders.tables.header import header_rows, is_numeric, merged_header


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        pytest.param(["姓名|工资", "张三|5000"], 1, id="words over numbers"),
        pytest.param(["张三|5000", "李四|6000"], 0, id="numbers from the first row on"),
        pytest.param(["项目|2022年|2023年", "收入|1|2"], 1, id="years are labels"),
        pytest.param(
            ["地区|销售额|销售额", "地区|上半年|下半年", "华东|10|20"], 2, id="merged over two rows"
        ),
        pytest.param(
            ["科目|期初||期末|", "|数量|比例|数量|比例", "股份|1|2|3|4", "股东|5|6|7|8"],
            2,
            id="group labels above gaps",
        ),
        pytest.param(
            ["设备|参数|参数", "水泵|型号|AB-1", "水泵|功率|3kW"],
            1,
            id="one label over two columns of data",
        ),
        pytest.param(
            ["法定代表人|王明", "成立日期|2001年5月6日", "电话|021-5555666", "网站|www.a.cn"],
            0,
            id="labels at the left",
        ),
        pytest.param(
            ["指标|内容", "成立日期|2001年5月6日", "电话|021-5555666", "网站|www.a.cn"],
            1,
            id="labels at the left under a header",
        ),
        pytest.param(
            ["机身|长15.6米|翼展|10.7米", "高度|4.3米|乘员|1人", "空重|13吨|航程|2000公里"],
            0,
            id="form with two pairs in a row",
        ),
        pytest.param(
            ["参数|AB-230|AB-115", "风机|F2E|F2D", "电压|230伏|115伏"],
            1,
            id="products beside each other",
        ),
        pytest.param(
            ["审计机构|甲所|甲所", "报告编号|2022-1号|2022-1号", "意见|无保留|无保留"],
            0,
            id="merged values of a form",
        ),
        pytest.param(["只有一行|没有别的"], 0, id="a single row"),
    ],
)
def test_header_rows_are_counted(rows: list[str], count: int) -> None:
    assert header_rows([row.split("|") for row in rows]) == count


def test_labels_of_several_rows_are_joined_from_above() -> None:
    rows = [["地区", "销售额（元）", "销售额（元）"], ["地区", "上半年", "下半年"]]

    assert merged_header(rows) == ("地区", "销售额（元） 上半年", "销售额（元） 下半年")


def test_labels_reach_over_the_gaps_at_their_right() -> None:
    rows = [["科目", "期初", "", "期末", ""], ["", "数量", "比例", "数量", "比例"]]

    assert merged_header(rows) == ("科目", "期初 数量", "期初 比例", "期末 数量", "期末 比例")


@pytest.mark.parametrize("text", ["1,234.50", "-3", "12%", "¥5.00", "2024-03-05", "8:30", "(7)"])
def test_numbers_and_dates_are_numeric(text: str) -> None:
    assert is_numeric(text)


@pytest.mark.parametrize("text", ["3个", "AB-1", "", "一", "1-2-3-4"])
def test_other_texts_are_not_numeric(text: str) -> None:
    assert not is_numeric(text)
