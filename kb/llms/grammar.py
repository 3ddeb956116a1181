"""Write a JSON Schema as a grammar of llama.cpp (GBNF), within which a model can only fit it.

The converters of the two engines will not do: the one of llama-cpp-python has the model spell every
Chinese character as ``\\uXXXX`` and breaks at quotes, and xllamacpp leaves the answer free where it
does not understand the schema. This one refuses what a grammar cannot hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kb.errors import UnsupportedError

_ANNOTATIONS = {
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
}
_ANNOTATIONS |= {"$schema", "$id", "$comment", "$defs", "definitions"}
"""Keywords that say nothing of which values fit."""

_KEYWORDS = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength"},
    "integer": set[str](),
    "number": set[str](),
    "boolean": set[str](),
    "null": set[str](),
}

# A model that may write white space wherever JSON allows it can write it for ever: there is one way
# to write a value, the one of `json.dumps`. Characters are written as themselves, never as codes.
_BASIC = {
    "value": "object | array | string | number | boolean | null",
    "object": r'"{" ( string ": " value ( ", " string ": " value )* )? "}"',
    "array": r'"[" ( value ( ", " value )* )? "]"',
    "string": r'"\"" char* "\""',
    "char": r'[^"\\\x00-\x1F\x7F] | "\\" ["\\/bfnrt]',
    "integer": r'"-"? ( "0" | [1-9] [0-9]{0,15} )',
    "number": r'integer ( "." [0-9]{1,15} )?',
    "boolean": r'"true" | "false"',
    "null": r'"null"',
}


def to_grammar(schema: Mapping[str, Any]) -> str:
    """Return the grammar of the values that fit a schema, each in one line as `json.dumps` has it.

    Properties come in the order of the schema; none is added to those it names.

    Raises:
        UnsupportedError: the schema asks for what a grammar cannot promise (a pattern, a range).
    """
    return _Writer(schema).write()


class _Writer:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def write(self) -> str:
        root = self._expression(self._schema)
        rules = {"root": root} | self._rules | _BASIC
        return "".join(f"{name} ::= {rule}\n" for name, rule in rules.items())

    def _expression(self, schema: Any) -> str:
        """Write what may stand for a value of the schema; alternatives are not in parentheses."""
        if schema is True:
            return "value"
        if not isinstance(schema, Mapping):
            raise _refused(f"{schema!r} as a schema")
        stated = {key: value for key, value in schema.items() if key not in _ANNOTATIONS}
        if not stated:
            return "value"
        if "$ref" in stated:
            _allow_only(stated, {"$ref"})
            return self._reference(stated["$ref"])
        if "const" in stated:
            _allow_only(stated, {"const", "type"})
            return _literal(stated["const"])
        if "enum" in stated:
            _allow_only(stated, {"enum", "type"})
            return _alternatives(_literal(option) for option in stated["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in stated:
                _allow_only(stated, {keyword})
                return _alternatives(self._part(one) for one in stated[keyword])
        return self._typed(stated)

    def _typed(self, stated: dict[str, Any]) -> str:
        kind = stated.pop("type", None)
        if kind is None:
            kind = next((kind for kind in ("object", "array") if _KEYWORDS[kind] & set(stated)), "")
        kinds = kind if isinstance(kind, list) else [kind]
        for name in kinds:
            if name not in _KEYWORDS:
                raise _refused(f"the type {name!r}")
        _allow_only(stated, set[str]().union(*(_KEYWORDS[name] for name in kinds)))
        write: dict[str, Callable[[dict[str, Any]], str]] = {
            "object": self._object,
            "array": self._array,
            "string": _string,
        }
        return _alternatives(write[name](stated) if name in write else name for name in kinds)

    def _object(self, stated: dict[str, Any]) -> str:
        properties = stated.get("properties", {})
        required = set(stated.get("required", ()))
        if unnamed := required - set(properties):
            raise _refused(f"required properties without a schema, {sorted(unnamed)}")
        if properties:
            pairs = [
                (f'{_literal(name)} ": " {self._part(of)}', name in required)
                for name, of in properties.items()
            ]
            return f'"{{" {self._pairs(pairs, leading=True)} "}}"'
        others = stated.get("additionalProperties", True)
        if others is False:
            return '"{}"'
        pair = f'string ": " {self._part(others)}'
        return f'"{{" ( {pair} ( ", " {pair} )* )? "}}"'

    def _pairs(self, pairs: list[tuple[str, bool]], *, leading: bool) -> str:
        """Write pairs in their order; ``leading`` while none stands before them for a comma."""
        if not pairs:
            return ""
        (pair, is_required), rest = pairs[0], pairs[1:]
        tail = self._named(self._pairs(rest, leading=False)) if rest else ""
        if is_required:
            return f"{pair} {tail}" if leading else f'", " {pair} {tail}'
        if not leading:
            return f'( ", " {pair} )? {tail}'
        left_out = self._pairs(rest, leading=True)
        return f"( {pair} {tail} | {left_out} )" if left_out else f"( {pair} )?"

    def _array(self, stated: dict[str, Any]) -> str:
        least, most = _bounds(stated, "minItems", "maxItems")
        if most == 0:
            return '"[]"'
        item = self._part(stated.get("items", True))
        more = f"{max(least - 1, 0)},{'' if most is None else most - 1}"
        items = f'{item} ( ", " {item} ){{{more}}}'
        return f'"[" {items if least else f"( {items} )?"} "]"'

    def _reference(self, reference: Any) -> str:
        key = f"$ref {reference}"
        if key not in self._names:
            self._names[key] = name = f"r{len(self._names)}"
            # Known before it is written: it may refer to itself.
            self._rules[name] = ""
            self._rules[name] = self._expression(self._find(reference))
        return self._names[key]

    def _find(self, reference: Any) -> Any:
        """Follow a JSON pointer into the schema."""
        found: Any = self._schema
        start, *steps = str(reference).split("/")
        for step in steps:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        if start != "#" or found is None:
            raise _refused(f"the reference {reference!r}")
        return found

    def _part(self, schema: Any) -> str:
        """Write a value that stands among others."""
        return self._named(self._expression(schema))

    def _named(self, rule: str) -> str:
        """Give a rule a name; the same rule has one."""
        if rule in _BASIC or rule in self._rules:
            return rule
        if rule not in self._names:
            self._names[rule] = f"r{len(self._names)}"
            self._rules[self._names[rule]] = rule
        return self._names[rule]


def _string(stated: dict[str, Any]) -> str:
    least, most = _bounds(stated, "minLength", "maxLength")
    return rf'"\"" char{{{least},{"" if most is None else most}}} "\""'


def _bounds(stated: dict[str, Any], lowest: str, highest: str) -> tuple[int, int | None]:
    least, most = stated.get(lowest, 0), stated.get(highest)
    # llama.cpp refuses grammars that repeat more often.
    if max(least, most or 0) > 1000 or (most is not None and most < least):
        raise _refused(f"{lowest} {least} and {highest} {most}")
    return least, most


def _alternatives(choices: Iterable[str]) -> str:
    written = list(dict.fromkeys(choices))
    if not written:
        raise _refused("a choice among nothing")
    return " | ".join(written)


def _literal(value: Any) -> str:
    # JSON has no line breaks of its own here, they are escapes by now.
    escaped = json.dumps(value, ensure_ascii=False).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _allow_only(stated: dict[str, Any], allowed: set[str]) -> None:
    if others := sorted(set(stated) - allowed):
        raise _refused(", ".join(others))


def _refused(what: str) -> UnsupportedError:
    return UnsupportedError(f"the chat models on this machine cannot keep to {what} in a schema")
