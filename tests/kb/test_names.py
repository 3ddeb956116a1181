from __future__ import annotations

import pytest

from kb.errors import SettingsError
from kb.names import checked_name, folder_name, normal_name, sort_key


def test_a_name_is_kept_in_one_form_and_its_white_space_tidied() -> None:
    assert checked_name("  Cafe\u0301　规章 \n 制度 ") == "Café 规章 制度"
    assert normal_name("Cafe\u0301") == "Café"


@pytest.mark.parametrize(("name", "problem"), [(" \t", "empty"), ("长" * 81, "long")])
def test_an_empty_or_endless_name_is_refused(name: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_name(name)
    assert caught.value.params["problem"] == problem


@pytest.mark.parametrize(
    ("name", "folder"),
    [("财报/2023", "财报_2023"), ('a:"b"', "a_b_"), ("...", "kb"), ("..\\x", "_x")],
)
def test_a_folder_is_named_after_the_knowledge_base_without_what_systems_refuse(
    name: str, folder: str
) -> None:
    assert folder_name(name, lambda _: False) == folder


def test_a_taken_folder_gets_a_number_and_a_long_one_is_cut_between_characters() -> None:
    taken = {"库", "库-2"}
    assert folder_name("库", taken.__contains__) == "库-3"
    assert folder_name("长" * 80, lambda _: False) == "长" * 40


def test_documents_stand_in_the_order_that_people_expect() -> None:
    names = [
        "第2章.docx",
        "第10章.docx",
        "a10/1.txt",
        "A9/2.txt",
        "a9.txt",
        "第１章.docx",
        "a9/1.txt",
    ]
    assert sorted(names, key=sort_key) == [
        "a9/1.txt",
        "A9/2.txt",
        "a9.txt",
        "a10/1.txt",
        "第１章.docx",
        "第2章.docx",
        "第10章.docx",
    ]
    long = [f"{'9' * 30}.txt", "007.txt", "7.txt", "0.txt"]
    assert sorted(long, key=sort_key) == ["0.txt", "007.txt", "7.txt", f"{'9' * 30}.txt"]
