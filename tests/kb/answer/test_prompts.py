from pathlib import Path

import pytest

from kb.answer.prompts import PromptFolder
from kb.errors import NotFoundError, PromptError
from kb.settings import PROJECT


def test_every_prompt_of_the_product_loads() -> None:
    folder = PromptFolder(PROJECT / "prompts")
    assert folder.answer_prompts() == ["knowledge_base"]
    prompt = folder.load("knowledge_base")
    assert "根据已知信息无法回答该问题" in prompt.template
    assert folder.load("standalone_question").template.count("{question}") == 1


def test_each_language_has_its_prompt_and_an_own_prompt_is_kept(tmp_path: Path) -> None:
    product = PromptFolder(PROJECT / "prompts")
    assert product.answer_prompt("knowledge_base", "zh").name == "knowledge_base"
    assert "Answer in English" in product.answer_prompt("knowledge_base", "en").template
    (tmp_path / "mine.txt").write_text("照此作答：{context}{question}", encoding="utf-8")
    (tmp_path / "mine.zh.txt").write_text("用中文：{context}{question}", encoding="utf-8")
    own = PromptFolder(tmp_path)
    assert own.answer_prompts() == ["mine"]
    assert own.answer_prompt("mine", "en").template.startswith("照此作答")
    assert own.answer_prompt("mine", "zh").template.startswith("用中文")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("只有{question}", "context"),
        ("{context}{question}{name}", "exactly"),
        ("{context}{question}{", "'{'"),
    ],
)
def test_a_wrong_prompt_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "mine.txt").write_text(text, encoding="utf-8")
    with pytest.raises(PromptError, match="mine") as caught:
        PromptFolder(tmp_path).load("mine")
    assert problem in str(caught.value)


def test_a_prompt_that_is_not_there_or_outside_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("{context}{question}")
    (tmp_path / "prompts").mkdir()
    for name in ("none", "../secret"):
        with pytest.raises(NotFoundError):
            PromptFolder(tmp_path / "prompts").load(name)
