import pytest

import app.api.problems
import app.exam
import app.models
import app.server  # noqa: F401 - their error classes join the tree
import kb.errors
import loaders.errors
from app.messages import of_error, of_kind, of_reason, of_stage, of_state
from app.strings import TEXTS, Language
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
    assert (of_stage("embed", "en"), of_stage("odd", "en")) == ("embedding", "odd")
    assert (of_kind("add", "zh"), of_kind("odd", "zh")) == ("添加文件", "后台任务")
