"""English paragraphs without markup: the kinds that Unstructured gives them."""

from __future__ import annotations

import pytest

from loaders.text.english import kind_of


@pytest.mark.parametrize(
    "text",
    [
        "The committee met on Monday and agreed to the plan.",
        "It rained. The match between the two towns was put off.",
        "Dr. Li and Ms. Wang of the Beijing Office have signed it for the company.",
        "- not a bullet without its blank? it is one".removeprefix("- "),
    ],
)
def test_sentences_are_narratives(text: str) -> None:
    assert kind_of(text) == "NarrativeText"


@pytest.mark.parametrize(
    "text", ["• bring a passport", "- bring a passport", "2. Bring a passport", "12) Pay the fee"]
)
def test_marked_lines_are_items_of_a_list(text: str) -> None:
    assert kind_of(text) == "ListItem"


@pytest.mark.parametrize(
    "text",
    [
        "Annual Report Of The Board",
        "ANNUAL REPORT OF THE BOARD TO THE GENERAL MEETING",
        "short words",
        "2024",
        "-123.45",
        "1,200 | 3,400 | 5,600 | 7,800 | 9,000 | 1,000",
        "office@example.org is open for letters of every kind",
        "Doylestown, PA 18901 and other places where we are",
    ],
)
def test_titles_numbers_and_addresses_are_just_text(text: str) -> None:
    assert kind_of(text) == "Text"
