"""JSON and JSON Lines: records, outlines, broken files, encodings, streaming."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loaders.errors import EmptyFileError
from loaders.records import TableRecord
from tests.loaders.reading import elements_of, rows_and_peak, summary_of, tables_of, texts_of


def _written(path: Path, value: object, encoding: str = "utf-8") -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding=encoding)
    return path


def test_list_of_objects_becomes_a_table(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "货.json",
        [
            {"编号": 1, "名称": "螺栓", "尺寸": {"长": 2.50, "宽": 1}, "标签": ["新", "热"]},
            {"编号": 2, "名称": "垫片", "停产": True, "备注": None},
        ],
    )

    assert tables_of(path) == [
        TableRecord(
            ("编号", "名称", "尺寸.长", "尺寸.宽", "标签", "停产", "备注"),
            (("1", "螺栓", "2.5", "1", "新; 热", "", ""), ("2", "垫片", "", "", "", "true", "")),
            1,
            1,
            of_sheet=True,
        )
    ]


def test_nested_objects_become_headings_and_lines(tmp_path: Path) -> None:
    path = _written(
        tmp_path / "配.json",
        {
            "title": "服务配置",
            "数据库": {"地址": "10.0.0.1", "连接": {"上限": 20, "超时": {"读": 3}}},
            "说明": "第一段很长的说明。" * 30 + "\n第二段。",
        },
    )

    elements = elements_of(path)
    assert [(element.category, element.text[:30]) for element in elements] == [
        ("NarrativeText", "title: 服务配置"),
        ("Title", "数据库"),
        ("NarrativeText", "地址: 10.0.0.1"),
        ("Title", "连接"),
        ("NarrativeText", "上限: 20\n超时.读: 3"),
        ("NarrativeText", "说明: 第一段很长的说明。第一段很长的说明。第一段很长的说明。"[:30]),
        ("NarrativeText", "第二段。"),
    ]
    assert elements[3].level == 3
    assert summary_of(path).title == "服务配置"


def test_sections_are_named_by_their_titles(tmp_path: Path) -> None:
    sections = [
        {"title": "总则", "content": "本制度适用于全体员工。", "items": [{"a": [{"b": 1}]}]},
        {"title": "附则", "content": "自发布之日起施行。"},
    ]
    path = _written(tmp_path / "章.json", {"章节": sections})

    assert texts_of(path) == [
        ("Title", "章节"),
        ("Title", "总则"),
        ("NarrativeText", "title: 总则\ncontent: 本制度适用于全体员工。\nitems.a.b: 1"),
        ("Title", "附则"),
        ("NarrativeText", "title: 附则\ncontent: 自发布之日起施行。"),
    ]


def test_list_of_lists_is_a_grid(tmp_path: Path) -> None:
    path = _written(tmp_path / "格.json", {"数据": [["名称", "数量"], ["螺栓", 12]]})

    (element,) = elements_of(path)
    assert element.sheet == "数据"
    assert element.table == TableRecord(("名称", "数量"), (("螺栓", "12"),), 2, 1, of_sheet=True)


def test_tables_of_the_same_name_go_on_counting(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    path = _written(tmp_path / "组.json", [{"组": rows, "x": [[1]]}, {"组": rows, "x": [[1]]}])

    assert [table.first_row for table in tables_of(path)] == [1, 3]


def test_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "数.json"
    path.write_text('{"版本": 1.10, "编号": 12345678901234567890, "小": 1e-7}', encoding="utf-8")

    assert texts_of(path) == [("NarrativeText", "版本: 1.10\n编号: 12345678901234567890\n小: 1E-7")]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = _written(tmp_path / "码.json", {"名称": "螺栓与垫片的说明"}, encoding)

    assert texts_of(path) == [("NarrativeText", "名称: 螺栓与垫片的说明")]


def test_broken_file_is_read_up_to_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "断.json"
    path.write_text('{"甲": "一", "乙": {"丙": "二", "丁": tru', encoding="utf-8")

    assert texts_of(path) == [
        ("NarrativeText", "甲: 一"),
        ("Title", "乙"),
        ("NarrativeText", "丙: 二"),
    ]
    assert summary_of(path).missing == "rest_unreadable"


def test_text_that_is_no_json_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "文.json"
    path.write_text("这里写的其实是一段话。\n", encoding="utf-8")

    assert texts_of(path) == [("NarrativeText", "这里写的其实是一段话。")]
    assert summary_of(path).warnings == ("not_json",)


def test_deep_nesting_ends_in_lines(tmp_path: Path) -> None:
    path = tmp_path / "深.json"
    path.write_text('{"a":' * 300 + '"底"' + "}" * 300, encoding="utf-8")

    assert "底" in elements_of(path)[-1].text


def test_objects_without_values_are_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError):
        summary_of(_written(tmp_path / "空.json", {"a": {}, "b": [], "c": None}))


def test_json_lines_are_records_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "行.jsonl"
    path.write_text('{"a": 1.50, "b": "x"}\n\n{"a": 2, "b": "y"}\n', encoding="utf-8")

    assert tables_of(path) == [
        TableRecord(("a", "b"), (("1.50", "x"), ("2", "y")), 1, 1, of_sheet=True)
    ]


def test_lines_under_the_suffix_json_are_read_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "行.json"
    path.write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', encoding="utf-8")

    assert tables_of(path)[0].rows == (("1", "x"), ("2", "y"))


def test_broken_line_is_kept_as_text(tmp_path: Path) -> None:
    path = tmp_path / "坏.jsonl"
    path.write_text('{"a": 1, "b": "x"}\n{"a": 2, "b\n{"a": 3, "b": "z"}\n', encoding="utf-8")

    assert '{"a": 2, "b' in "\n".join(element.text for element in elements_of(path))
    assert summary_of(path).warnings == ("broken_lines",)


def test_large_list_streams(tmp_path: Path) -> None:
    path = tmp_path / "大.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"rows": [')
        for number in range(5_000):
            file.write(f'{"," if number else ""}{{"编号": {number}, "名称": "螺栓"}}')
        file.write("]}")
    rows, peak = rows_and_peak(path)

    assert rows == 5_000
    assert peak < 4_000_000
