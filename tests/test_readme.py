"""What the README says in tables is what the code does."""

import argparse
import re

import pytest

from app.cli import build_parser
from kb.models.table import CHAT_MODELS, EMBEDDERS
from kb.settings import PROJECT, Settings
from loaders.formats import formats_read

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def table(first_header: str) -> list[list[str]]:
    """The rows of the table whose first column has this header, cells stripped of backticks."""
    lines = README.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        rows.append([re.sub(r"^`([^`]*)`$", r"\1", cell) for cell in cells])
    return rows


def commands() -> dict[str, argparse.ArgumentParser]:
    parser = build_parser("en")
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def test_every_command_is_in_the_table_and_no_other() -> None:
    named = [row[0].split()[1] for row in table("command")]
    assert named == list(commands())


@pytest.mark.parametrize("row", table("command"), ids=lambda row: row[0].split()[1])
def test_options_of_a_command_are_those_it_takes(row: list[str]) -> None:
    command = commands()[row[0].split()[1]]
    known = {option for action in command._actions for option in action.option_strings}
    named = set(re.findall(r"--[a-z-]+", row[1]))
    assert named <= known
    assert known - {"-h", "--help", "--json"} == named


def test_every_setting_is_in_the_table_with_its_default() -> None:
    expected = [
        [
            f"KB_{name.upper()}",
            str(field.default).replace(f"{PROJECT}/", "") if field.default != "" else "–",
            field.description,
        ]
        for name, field in Settings.model_fields.items()
    ]
    assert table("setting") == expected


def test_every_format_that_is_read_is_in_the_table() -> None:
    named = [name for row in table("format") for name in row[0].split(", ")]

    assert sorted(named) == sorted(entry.name for entry in formats_read())


def test_every_model_is_in_the_table_with_what_it_is() -> None:
    named = {row[0]: row for row in table("model")}
    assert list(named) == [model.name for model in (*CHAT_MODELS, *EMBEDDERS)]
    for model in (*CHAT_MODELS, *EMBEDDERS):
        _name, _kind, backend, licence, size, bundled = named[model.name]
        assert (backend, licence) == (model.backend, model.licence)
        assert size == f"{model.size / 1e6:,.0f} MB"
        assert (bundled == "yes") == (model.source is not None)


def test_the_two_commands_are_those_of_the_bootstrap() -> None:
    assert "\n    python3 -m app\n" in README
    assert "\n    python3 -m tests\n" in README
    assert "python3 -m tests" in (PROJECT / ".ci" / "run").read_text()


def test_pictures_and_paths_that_the_readme_names_exist() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    folders = re.findall(r"`((?:app|kb|loaders|prompts|tests|benchmarks)/[\w/.]*)`", README)
    assert pictures
    missing = [path for path in [*pictures, *folders] if not (PROJECT / path).exists()]
    assert missing == []
