from __future__ import annotations

from typing import Any

import pytest

from kb.errors import UnsupportedError
from kb.llms.grammar import to_grammar


def rules(schema: Any) -> dict[str, str]:
    return dict(line.split(" ::= ", 1) for line in to_grammar(schema).splitlines())


@pytest.mark.parametrize(
    ("schema", "root"),
    [
        ({"enum": ["是", "否", "是", 3]}, '"\\"是\\"" | "\\"否\\"" | "3"'),
        ({"type": "string", "const": 'a"b\\c\nd'}, r'"\"a\\\"b\\\\c\\nd\""'),
        ({"type": "integer", "title": "n", "description": "a number"}, "integer"),
        ({"type": ["string", "null"], "maxLength": 3}, r'"\"" char{0,3} "\"" | null'),
        ({"type": "string"}, r'"\"" char{0,} "\""'),
        ({"type": "object", "additionalProperties": False}, '"{}"'),
        ({"type": "array", "maxItems": 0}, '"[]"'),
        ({"type": "array", "minItems": 2, "maxItems": 5}, '"[" value ( ", " value ){1,4} "]"'),
        ({"type": "array"}, '"[" ( value ( ", " value ){0,} )? "]"'),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "null | boolean"),
        ({}, "value"),
    ],
)
def test_a_schema_becomes_a_rule(schema: Any, root: str) -> None:
    assert rules(schema)["root"] == root


def test_required_properties_come_in_order_and_the_same_choice_is_written_once() -> None:
    choice = {"enum": ["甲", "乙"]}
    schema = {"properties": {"左": choice, "右": choice}, "required": ["右", "左"]}
    found = rules(schema)
    assert found["root"] == '"{" "\\"左\\"" ": " r0 r1 "}"'
    assert found["r0"] == '"\\"甲\\"" | "\\"乙\\""'
    assert found["r1"] == '", " "\\"右\\"" ": " r0 '


def test_any_of_the_optional_properties_may_be_left_out_with_its_comma() -> None:
    schema = {"properties": {"a": {"type": "null"}, "b": {"type": "null"}}}
    found = rules(schema)
    assert found["r0"].strip() == '( ", " "\\"b\\"" ": " null )?'
    assert found["root"] == '"{" ( "\\"a\\"" ": " null r0 | ( "\\"b\\"" ": " null )? ) "}"'


def test_references_are_followed_once_also_to_themselves() -> None:
    schema = {
        "properties": {"next": {"$ref": "#/$defs/a~1b"}},
        "required": ["next"],
        "$defs": {"a/b": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a~1b"}]}},
    }
    assert rules(schema)["r0"] == "null | r0"


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "string", "pattern": "^a"}, "pattern"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "integer", "minimum": 1, "maximum": 2}, "maximum, minimum"),
        ({"type": "date"}, "'date'"),
        ({"enum": []}, "nothing"),
        ({"anyOf": [{"type": "null"}], "type": "object"}, "type"),
        ({"type": "object", "required": ["a"]}, r"\['a'\]"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "minLength 3"),
        ({"type": "string", "maxLength": 100_000}, "100000"),
        ({"$ref": "https://example.com/schema"}, "example"),
        ({"$ref": "#/$defs/none"}, "none"),
        ({"properties": {"a": False}}, "False"),
    ],
)
def test_what_a_grammar_cannot_promise_is_refused_by_name(schema: Any, named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        to_grammar(schema)
