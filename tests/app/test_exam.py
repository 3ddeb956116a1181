from pathlib import Path

import pytest

from app.api.requests import AskRequest
from app.exam import page_path
from app.examining import answer_line
from app.operations import LocalOperations
from kb.errors import GenerationError
from kb.exam.results import outcome_of
from kb.workspace import Workspace


def test_the_page_stands_beside_the_results() -> None:
    assert page_path(Path("out/r.jsonl")) == Path("out/r.html")
    assert page_path(Path("r.html")) == Path("r.html.html")


def test_an_answer_becomes_a_line_with_all_passages_found(filled: Workspace) -> None:
    operations = LocalOperations(filled, "zh")
    request = AskRequest(knowledge_bases=["规章制度"], question="带薪年假有几天？", conversation="")
    line = answer_line(operations.ask(request))
    assert line["answer"]
    outcome = outcome_of({"id": 1, **line})
    assert [shown.rank for shown in outcome.found] == [1, 2]
    assert outcome.found[0].document == "年假.md"
    assert set(outcome.cited) <= set(outcome.found)


def test_events_without_an_answer_are_an_error() -> None:
    with pytest.raises(GenerationError):
        answer_line(iter(()))
