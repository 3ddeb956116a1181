import math
from collections.abc import Callable, Sequence

import pytest

from kb.answer.check import CHECK, checked, log_odds
from kb.answer.context import number
from kb.answer.prompts import Prompt, PromptFolder
from kb.answer_types import Hit
from kb.llms.base import ChatMessage
from kb.llms.endpoint import never
from kb.models.table import CheckConstants
from kb.settings import PROJECT
from kb.types import Place
from tests.kb.answer.scripted import ScriptedChat

PROMPTS = PromptFolder(PROJECT / "prompts")
HIT = Hit(
    rank=1,
    passage_id=1,
    kb_id="1",
    kb_name="制度",
    document_id=1,
    document="假期.docx",
    text="年假为十天。",
    passage_text="年假为十天。",
    heading="",
    group="",
    place=Place(),
    score=1.0,
)


class Sure(ScriptedChat):
    """Tells the odds that it is told to tell."""

    def __init__(self, chances: dict[str, float]) -> None:
        super().__init__()
        self._chances = chances

    def first_token(
        self,
        messages: Sequence[ChatMessage],
        count: int = 20,
        cancelled: Callable[[], bool] = never,
    ) -> dict[str, float]:
        self.prompts.append(messages[-1].content)
        return self._chances


def odds(chat: Sure, prompt: Prompt) -> float:
    return log_odds(chat, prompt, PROMPTS.load(CHECK), "年假几天？", number([HIT]), never)


@pytest.mark.parametrize(
    ("chances", "wanted"),
    [
        ({"是": math.log(0.8), "否": math.log(0.2)}, math.log(4)),
        ({"否": math.log(0.9), " 是": math.log(0.1)}, -math.log(9)),
        ({"是": math.log(0.9), "根据": math.log(0.05), "这": math.log(0.01)}, math.log(90)),
    ],
)
def test_the_odds_of_the_two_words_are_compared(chances: dict[str, float], wanted: float) -> None:
    assert odds(Sure(chances), PROMPTS.load("knowledge_base")) == pytest.approx(wanted)


def test_the_check_begins_as_the_answers_prompt_does() -> None:
    chat = Sure({"是": -0.1, "否": -2.0})
    prompt = PROMPTS.load("knowledge_base")
    odds(chat, prompt)
    answers = prompt.template.format(context="[1] 《假期》\n年假为十天。", question="年假几天？")
    assert chat.prompts[0].startswith(answers)
    assert chat.prompts[0].removeprefix(answers) == f"\n{PROMPTS.load(CHECK).template}"


def test_what_a_prompt_says_after_the_question_gives_way_to_the_check() -> None:
    chat = Sure({"是": -0.1, "否": -2.0})
    odds(chat, Prompt("own", "资料：{context}\n问：{question}\n请详细回答。"))
    assert "请详细回答" not in chat.prompts[0]
    odds(chat, Prompt("own", "问：{question}\n资料：{context}\n请详细回答。"))
    assert "年假为十天" in chat.prompts[1]


def test_even_odds_are_one_half_and_better_ones_more() -> None:
    constants = CheckConstants(slope=2.0, even=1.0)
    assert checked(1.0, constants) == 0.5
    assert checked(2.0, constants) == pytest.approx(1 / (1 + math.exp(-2)))
    assert checked(-1e9, constants) == pytest.approx(0.0, abs=1e-20)
