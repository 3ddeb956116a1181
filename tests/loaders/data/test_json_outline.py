"""Events of whole values."""

from __future__ import annotations

from loaders.data.json_outline import Outline, events_of


def test_events_name_every_part_of_a_value() -> None:
    assert list(events_of({"a": [1, None], "b": {}})) == [
        ("start_map", None),
        ("map_key", "a"),
        ("start_array", None),
        ("string", 1),
        ("null", None),
        ("end_array", None),
        ("map_key", "b"),
        ("start_map", None),
        ("end_map", None),
        ("end_map", None),
    ]


def test_end_of_the_events_closes_what_is_open() -> None:
    events = list(events_of({"a": {"b": "x", "c": "y"}}))[:-3]

    assert [element.text for element in Outline().elements(events)] == ["a", "b: x"]
