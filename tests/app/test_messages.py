import ast
from pathlib import Path

import pytest

import app.api.problems
import app.exam
import app.models
import app.server  # noqa: F401 - their error classes join the tree
import kb.errors
import loaders.errors
from app.messages import (
    of_code,
    of_error,
    of_health,
    of_kind,
    of_reason,
    of_stage,
    of_state,
    of_warnings,
)
from app.strings import LANGUAGES, TEXTS, Language, text
from kb.errors import AmbiguousNameError, BackendUnavailableError, NotFoundError
from kb.types import Reason
from loaders.errors import DamagedFileError, LimitExceededError


def codes() -> list[str]:
    classes: list[type[Exception]] = [kb.errors.KBError, loaders.errors.LoadError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    # The error of a remote server carries a sentence that is already made.
    return sorted({str(getattr(cls, "code", "")) for cls in classes})


@pytest.mark.parametrize("code", codes())
def test_every_error_code_has_a_sentence(code: str) -> None:
    assert f"error.{code}" in TEXTS


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_code_without_its_params_still_makes_a_sentence(code: str, language: Language) -> None:
    sentence = of_reason(Reason(code, {}), language)
    assert sentence
    assert "{" not in sentence


def noted_codes() -> set[str]:
    """Return what loaders warn of and what they say is missing of a file."""
    found = {"low_confidence", "unreadable_characters", "new_version_failed", "file_too_large"}
    for path in Path(loaders.errors.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="warn"), args=[ast.Constant(value=str(code))]
                ):
                    found.add(code)
                case ast.Assign(
                    targets=[ast.Attribute(attr="missing")], value=ast.Constant(value=str(code))
                ):
                    found.add(code)
    return found


def test_what_loaders_warn_of_and_miss_has_a_sentence_even_without_particulars() -> None:
    codes = noted_codes()
    assert {"garbled_text", "page_limit"} <= codes
    for language in LANGUAGES:
        unknown = text("error.unknown", language, code="{}").partition("{}")[0]
        sentences = {code: of_code(code, language) for code in codes}
        assert {code for code, said in sentences.items() if said.startswith(unknown)} == set()


def test_warnings_are_sentences_with_their_particulars() -> None:
    warnings = (
        Reason("low_confidence", {"confidence": 61, "pages": 2}),
        Reason("unreadable_characters", {"percent": 12}),
    )
    said = of_warnings(warnings, "zh")
    assert ["61%" in said[0], "12%" in said[1]] == [True, True]


def test_why_a_new_version_failed_is_said_with_it() -> None:
    reason = Reason("new_version_failed", {"code": "empty_file", "params": {}})
    assert of_reason(reason, "zh") == (
        "新版本没有处理成功，仍使用原来的版本。文件是空的，或没有任何文字。"
    )
    assert "still used. The file is empty" in str(of_reason(reason, "en"))


def test_the_kind_of_what_is_missing_is_named_in_the_readers_language() -> None:
    error = NotFoundError("no document a.pdf", kind="document", name="a.pdf")
    assert of_error(error, "zh").text == "找不到文件“a.pdf”。"
    assert of_error(error, "en").text == "There is no document “a.pdf”."


def test_the_candidates_of_an_ambiguous_name_are_listed() -> None:
    error = AmbiguousNameError("two", name="a.md", candidates=["x/a.md", "y/a.md"])
    assert "x/a.md、y/a.md" in of_error(error, "zh").text


def test_an_errors_own_hint_goes_before_the_general_one() -> None:
    own = BackendUnavailableError("no model", hint="kb models pull e5-small")
    assert of_error(own, "zh").hint == "kb models pull e5-small"
    assert of_error(BackendUnavailableError("no model"), "en").hint.startswith("Run kb doctor")


def test_what_failed_and_the_remedy_are_said_of_a_file() -> None:
    damaged = of_error(DamagedFileError("broken", format="docx"), "zh")
    assert damaged.text == "文件已损坏，或内容不是 docx 格式。请重新导出后再添加。"
    slow = of_error(LimitExceededError("slow", limit="time", value=600), "zh")
    assert "时间上限" in slow.text


def test_an_error_that_is_not_ours_says_nothing_of_its_inside() -> None:
    message = of_error(ValueError("secret path"), "en")
    assert (message.code, "secret" in message.text) == ("internal", False)


def test_an_unknown_reason_shows_its_code_and_none_is_none() -> None:
    assert "brand_new" in str(of_reason(Reason("brand_new", {}), "zh"))
    assert of_reason(None, "zh") is None


def test_states_stages_and_kinds_are_words_or_stay_as_they_are() -> None:
    assert (of_state("partial", "zh"), of_state("odd", "zh")) == ("部分可用", "odd")
    assert (of_health("amber", "zh"), of_health(None, "en")) == ("需留意", "not read yet")
    assert (of_stage("embed", "en"), of_stage("odd", "en")) == ("embedding", "odd")
    assert (of_kind("add", "zh"), of_kind("odd", "zh")) == ("添加文件", "后台任务")
