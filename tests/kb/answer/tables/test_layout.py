from kb.answer.tables.layout import headings, label_columns, names_columns, sections

HEAD = ["序号", "耐热等级", "允许温度"]
ROWS = [
    HEAD,
    ["1", "E", "120"],
    ["2", "B", "130"],
    ["序号", "评定", "实测温度"],
    ["1", "良好", "118"],
]


def test_a_row_that_repeats_part_of_the_header_names_the_columns_below_it() -> None:
    assert headings(HEAD, ROWS) == [HEAD, HEAD, HEAD, ROWS[3], ROWS[3]]


def test_the_header_alone_or_rows_with_numbers_name_no_columns_anew() -> None:
    rows = [HEAD, HEAD, ["序号", "耐热等级", "155"]]
    assert headings(HEAD, rows) == [HEAD, HEAD, HEAD]


def test_a_text_over_the_whole_width_is_the_title_of_what_follows() -> None:
    rows = [
        ["一、基本情况", "一、基本情况", "一、基本情况"],
        ["面积", "320", "平方米"],
        ["二", "设备", ""],
        ["空压机", "3", "台"],
    ]
    assert sections(rows) == ["", "一、基本情况", "一、基本情况", "一、基本情况"]
    rows[2] = ["2", "设备", ""]
    assert sections(rows) == ["", "一、基本情况", "", "设备"]


def test_short_words_without_numbers_name_columns() -> None:
    assert names_columns(["姓名", "部门", "职务"])
    assert not names_columns(["姓名", "部门", "3"])
    assert not names_columns(["姓名", "部门", ""])


def test_without_a_header_labels_and_values_alternate() -> None:
    rows = [["姓名", "林晓", "工号", "A0371"], ["部门", "质量部", "职务", "工程师"]]
    assert label_columns([], rows) == {0, 2}
    assert label_columns(["姓名", "年龄", "城市", "电话"], rows) == frozenset()


def test_one_header_over_two_columns_names_the_second() -> None:
    head = ["编号", "参数", "参数"]
    rows = [["X1", "型号", "CEU-8"], ["X1", "容量", "9kg"], ["X2", "型号", "WFS-3"]]
    assert label_columns(head, rows) == {1}
