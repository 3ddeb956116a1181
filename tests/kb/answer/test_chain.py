import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kb.answer.chain import Answerer, Question
from kb.answer.language import Language
from kb.answer.phrases import REFUSAL
from kb.answer.prompts import PromptFolder
from kb.answer.quoting import said_by_itself
from kb.answer_types import Answer, AskEvent, PassagesFound, Sentence, Token, Turn
from kb.errors import BackendUnavailableError, GenerationError, UnsupportedError
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint, never
from kb.models.table import CheckConstants, GateConstants
from kb.settings import PROJECT
from kb.workspace import Workspace
from tests.kb.answer.scripted import ScriptedChat

Write = Callable[[str, str], Path]
PROMPTS = PromptFolder(PROJECT / "prompts")


@pytest.fixture
def ask(workspace: Workspace, write: Write) -> Callable[..., list[AskEvent]]:
    """Ask a knowledge base of three documents with a given chat model."""
    workspace.create("库")
    texts = {
        "差旅": "出差住宿费每晚不超过500元。伙食补助每天100元。",
        "考勤": "上班时间为九点到十八点。",
        "假期": "年假为十天，婚假为十五天。",
    }
    paths = [write(f"{name}.txt", text) for name, text in texts.items()]
    workspace.queue.wait(workspace.knowledge_base("库").add(paths).job_id)

    def ask_it(
        chat: ChatEndpoint | None,
        question: str = "住宿费每晚多少钱？",
        *,
        threshold: float = 0.5,
        gate: GateConstants | None = None,
        turns: Sequence[Turn] = (),
        follow_up: bool = True,
        language: Language = "zh",
        cancelled: Callable[[], bool] = never,
    ) -> list[AskEvent]:
        base = workspace.knowledge_base("库").searchable()
        base.embedder.model = replace(base.embedder.model, gate=gate)
        answerer = Answerer(workspace._retriever, PROMPTS, lambda: chat, sampling=Sampling())
        asked = Question(
            question,
            [base],
            5,
            threshold,
            PROMPTS.load("knowledge_base"),
            turns,
            "talk",
            follow_up=follow_up,
            language=language,
        )
        return list(answerer.ask(asked, cancelled))

    return ask_it


def last(events: list[AskEvent]) -> Answer:
    assert isinstance(events[-1], Answer)
    return events[-1]


def test_passages_come_first_then_tokens_then_one_answer(
    ask: Callable[..., list[AskEvent]],
) -> None:
    events = ask(ScriptedChat("每晚不超过500元。"))
    assert isinstance(events[0], PassagesFound)
    assert events[0].citations[0].hit.document == "差旅.txt"
    tokens = [event.text for event in events if isinstance(event, Token)]
    assert "".join(tokens) == "每晚不超过500元。"
    answer = last(events)
    assert (answer.answer, answer.refused, answer.model) == ("每晚不超过500元。", False, "scripted")
    assert [citation.hit.document for citation in answer.citations] == ["差旅.txt"]
    assert answer.milliseconds.first_token is not None


@pytest.mark.parametrize(
    ("reply", "streamed"),
    [
        ("根据已知信息，每晚不超过500元。", "每晚不超过500元。"),
        (" 根据提供的资料可知：500元。", "500元。"),
        ("根據已知信息，每晚不超過500元。", "每晚不超過500元。"),
        ("根据标准，每晚不超过500元。", "根据标准，每晚不超过500元。"),
        ("根据公司的差旅管理办法中的规定，每晚500元", "根据公司的差旅管理办法中的规定，每晚500元"),
        (f"{REFUSAL}。", f"{REFUSAL}。"),
        ("根据", "根据"),
        ("500元", "500元"),
    ],
)
def test_what_models_say_before_an_answer_is_not_streamed(
    ask: Callable[..., list[AskEvent]], reply: str, streamed: str
) -> None:
    events = ask(ScriptedChat(reply))

    said = "".join(event.text for event in events if isinstance(event, Token))
    assert said_by_itself(said) == streamed


def test_the_prompt_holds_instruction_passages_and_question(
    ask: Callable[..., list[AskEvent]],
) -> None:
    chat = ScriptedChat("500元。")
    ask(chat)
    assert chat.prompts[0].startswith("【指令】根据已知信息")
    assert "[1] 《差旅》\n出差住宿费每晚不超过500元。" in chat.prompts[0]
    assert "【问题】住宿费每晚多少钱？" in chat.prompts[0]


def test_the_model_reads_the_three_best_of_the_passages_shown(
    workspace: Workspace, write: Write, ask: Callable[..., list[AskEvent]]
) -> None:
    paths = [write(f"补{number}.txt", f"住宿费的第{number}条补充说明。") for number in range(4)]
    workspace.queue.wait(workspace.knowledge_base("库").add(paths).job_id)
    chat = ScriptedChat("500元。")
    events = ask(chat)
    assert isinstance(events[0], PassagesFound)
    assert len(events[0].citations) == 5
    assert "[3] 《" in chat.prompts[0]
    assert "[4] 《" not in chat.prompts[0]


def test_below_the_threshold_no_token_is_generated_and_three_passages_are_shown(
    ask: Callable[..., list[AskEvent]],
) -> None:
    chat = ScriptedChat()
    answer = last(ask(chat, gate=GateConstants(-50, 0, 0, 0, 0)))
    assert (answer.refused, answer.answer) == (True, REFUSAL)
    assert answer.answerable < 0.001
    assert len(answer.citations) == 3
    assert chat.prompts == []


def test_a_threshold_of_zero_lets_every_question_through(
    ask: Callable[..., list[AskEvent]],
) -> None:
    answer = last(ask(ScriptedChat("500元。"), threshold=0.0, gate=GateConstants(-50, 0, 0, 0, 0)))
    assert not answer.refused


@pytest.mark.parametrize(
    "reply", ["根据已知信息无法回答该问题。", "抱歉，根据已知信息无法回答该问题，但可能是500元。"]
)
def test_a_model_that_refuses_gives_the_one_refusal_sentence(
    ask: Callable[..., list[AskEvent]], reply: str
) -> None:
    answer = last(ask(ScriptedChat(reply)))
    assert (answer.refused, answer.answer, answer.sentences) == (True, REFUSAL, ())


@pytest.mark.parametrize(
    "reply", ["每晚不超过500元[1]。", "根据已知信息，每晚不超过500元。", " 每晚不超过500元。\n"]
)
def test_what_a_model_puts_around_an_answer_is_not_part_of_it(
    ask: Callable[..., list[AskEvent]], reply: str
) -> None:
    answer = last(ask(ScriptedChat(reply)))
    assert answer.answer == "每晚不超过500元。"
    assert [sentence.supported for sentence in answer.sentences] == [True]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (
            "According to the known information, 每晚不超过500元 is the limit [1].",
            "每晚不超过500元 is the limit.",
        ),
        ("The question cannot be answered from the known information.", REFUSAL),
    ],
)
def test_what_a_model_says_in_english_is_understood(
    ask: Callable[..., list[AskEvent]], reply: str, text: str
) -> None:
    answer = last(ask(ScriptedChat(reply), "What is the limit of 住宿费 for a night?"))
    assert answer.answer.split("\n")[0] == text
    assert answer.refused == (text == REFUSAL)


def test_a_follow_up_is_retrieved_as_the_full_question(ask: Callable[..., list[AskEvent]]) -> None:
    chat = ScriptedChat("十五天。")
    events = ask(chat, "那婚假呢？", turns=[Turn("年假有几天？", "十天。")])
    assert isinstance(events[0], PassagesFound)
    assert events[0].standalone_question == "婚假有几天？"
    assert events[0].citations[0].hit.document == "假期.txt"
    answer = last(events)
    assert (answer.question, answer.standalone_question) == ("那婚假呢？", "婚假有几天？")
    assert said_by_itself(answer.answer) == "十五天。"


def test_a_short_answer_is_followed_by_the_words_of_its_source(
    ask: Callable[..., list[AskEvent]],
) -> None:
    events = ask(ScriptedChat("十五天。"), "婚假有几天？")
    answer = last(events)
    assert answer.answer == "十五天。\n\n> 年假为十天，婚假为十五天。"
    assert "".join(event.text for event in events if isinstance(event, Token)) == answer.answer
    assert answer.sentences == (
        Sentence("十五天。", True, (1,)),
        Sentence("年假为十天，婚假为十五天。", True, (1,)),
    )


def test_a_model_that_cannot_start_leaves_an_extract(ask: Callable[..., list[AskEvent]]) -> None:
    answer = last(ask(ScriptedChat(BackendUnavailableError("no memory"))))
    assert answer.extractive
    assert answer.answer.startswith("出差住宿费每晚不超过500元。")


def test_a_model_that_fails_in_mid_answer_is_an_error_not_an_answer(
    ask: Callable[..., list[AskEvent]],
) -> None:
    with pytest.raises(GenerationError):
        ask(ScriptedChat(GenerationError("broke")))


def test_a_stopped_answer_keeps_what_was_said(ask: Callable[..., list[AskEvent]]) -> None:
    seen = {"asked": 0}

    def after_four() -> bool:
        seen["asked"] += 1
        return seen["asked"] > 4

    answer = last(ask(ScriptedChat("每晚不超过500元。"), cancelled=after_four))
    assert answer.answer == "每晚不超"


def test_an_answer_stopped_before_its_first_word_is_no_refusal(
    ask: Callable[..., list[AskEvent]],
) -> None:
    answer = last(ask(ScriptedChat("每晚不超过500元。"), cancelled=lambda: True))
    assert (answer.answer, answer.refused) == ("", False)


def test_numbers_in_brackets_that_are_no_marks_of_sources_stay(
    workspace: Workspace, write: Write, ask: Callable[..., list[AskEvent]]
) -> None:
    note = write("取值.txt", "住宿费取 fee[1] 的值。")
    workspace.queue.wait(workspace.knowledge_base("库").add([note]).job_id)
    reply = "依据国发[2013]5号文件。住宿费取 fee[1] 的值[1]。"
    assert last(ask(ScriptedChat(reply))).answer == "依据国发[2013]5号文件。住宿费取 fee[1] 的值。"


def test_a_follow_up_survives_a_model_that_cannot_start(
    ask: Callable[..., list[AskEvent]],
) -> None:
    gone = BackendUnavailableError("no memory")
    answer = last(ask(ScriptedChat(gone, gone), "为什么？", turns=[Turn("年假有几天？", "十天。")]))
    assert answer.extractive
    assert answer.standalone_question == "年假有几天？ 为什么？"


def test_long_questions_before_a_follow_up_leave_it_room(
    ask: Callable[..., list[AskEvent]],
) -> None:
    chat = ScriptedChat("婚假有几天？", "十五天。")
    pasted = Turn("很长的问题" * 400, "十天。" * 100)
    ask(chat, "那婚假呢？", turns=[pasted] * 3)
    assert len(chat.prompts[0]) < 1500


def test_a_cell_is_the_answer_and_no_model_is_asked(
    workspace: Workspace, write: Write, ask: Callable[..., list[AskEvent]]
) -> None:
    table = "设备,功率（kW）,净重（kg）\n空压机,37,1120\n冷却塔,7.5,980\n"
    workspace.queue.wait(workspace.knowledge_base("库").add([write("设备台账.csv", table)]).job_id)
    chat = ScriptedChat("不该被问到")
    events = ask(chat, "冷却塔的净重是多少？")

    answer = last(events)
    assert (answer.answer, answer.model, answer.refused) == ("980", "table", False)
    assert [event.text for event in events if isinstance(event, Token)] == ["980"]
    assert chat.prompts == []
    (citation,) = answer.citations
    assert (citation.hit.document, citation.hit.place.row, citation.hit.place.column) == (
        "设备台账.csv",
        3,
        "C",
    )
    assert [sentence.supported for sentence in answer.sentences] == [True]


def test_a_follow_up_is_completed_unless_it_is_to_be_asked_as_typed(
    ask: Callable[..., list[AskEvent]],
) -> None:
    turns = [Turn("婚假有几天？", "十五天。")]
    completed = last(ask(None, "那年假呢？", turns=turns))
    assert (completed.question, completed.standalone_question) == ("那年假呢？", "年假有几天？")
    typed = last(ask(None, "那年假呢？", turns=turns, follow_up=False))
    assert typed.standalone_question == "那年假呢？"


def test_a_sum_is_computed_with_its_sql_and_stands_on_the_rows_used(
    workspace: Workspace, write: Write, ask: Callable[..., list[AskEvent]]
) -> None:
    table = "日期,门店,销售额（元）\n" + "".join(
        f"2023-05-{day:02},{shop},{amount}\n"
        for day, shop, amount in [
            (1, "东门店", 1200),
            (2, "西门店", 800),
            (3, "东门店", 1500),
            (4, "西门店", 950),
            (5, "东门店", 700),
        ]
    )
    job = workspace.knowledge_base("库").add([write("销售.csv", table)])
    workspace.queue.wait(job.job_id)
    chat = ScriptedChat("不该被问到")

    answer = last(ask(chat, "东门店的销售额总共是多少？"))

    assert "3400" in answer.answer
    assert answer.sql is not None
    assert "SUM" in answer.sql.upper()
    assert chat.prompts == []
    assert {citation.hit.place.row for citation in answer.citations} <= {2, 4, 6}
    assert {citation.hit.place.column for citation in answer.citations} == {"C"}
    assert [sentence.supported for sentence in answer.sentences] == [True]


def test_an_answer_without_any_support_becomes_the_refusal(
    ask: Callable[..., list[AskEvent]],
) -> None:
    events = ask(ScriptedChat("每晚不超过900元。"))
    answer = last(events)
    assert "".join(e.text for e in events if isinstance(e, Token)) == "每晚不超过900元。"
    assert (answer.answer, answer.refused, answer.sentences) == (REFUSAL, True, ())
    assert answer.citations[0].hit.document == "差旅.txt"


def test_an_answer_with_some_support_stays_and_its_rest_is_marked(
    ask: Callable[..., list[AskEvent]],
) -> None:
    answer = last(ask(ScriptedChat("每晚不超过500元。另外报销机场的贵宾室。")))
    assert not answer.refused
    assert [sentence.supported for sentence in answer.sentences] == [True, False]
    assert [citation.hit.document for citation in answer.citations] == ["差旅.txt"]


def test_an_answer_that_was_stopped_is_not_taken_back(ask: Callable[..., list[AskEvent]]) -> None:
    seen = {"asked": 0}

    def after_eight() -> bool:
        seen["asked"] += 1
        return seen["asked"] > 8

    answer = last(ask(ScriptedChat("机场的贵宾室可以报销。"), cancelled=after_eight))
    assert (answer.answer, answer.refused) == ("机场的贵宾室可以", False)


class Doubtful(ScriptedChat):
    """Says how far it believes that its passages answer, and what it is told to say."""

    def __init__(self, yes: float | Exception, *replies: str) -> None:
        super().__init__(*replies)
        self._yes = yes

    @property
    def check(self) -> CheckConstants | None:
        return CheckConstants(slope=1.0, even=0.0)

    def first_token(
        self,
        messages: Sequence[ChatMessage],
        count: int = 20,
        cancelled: Callable[[], bool] = never,
    ) -> dict[str, float]:
        if isinstance(self._yes, Exception):
            raise self._yes
        return {"是": math.log(self._yes), "否": math.log(1 - self._yes)}


def test_what_the_model_does_not_find_in_the_passages_is_refused_before_a_token(
    ask: Callable[..., list[AskEvent]],
) -> None:
    events = ask(Doubtful(0.2, "每晚不超过500元。"))
    assert not [event for event in events if isinstance(event, Token)]
    answer = last(events)
    assert (answer.answer, answer.refused) == (REFUSAL, True)
    assert answer.answerable == pytest.approx(0.2)
    assert answer.citations[0].hit.document == "差旅.txt"


def test_a_lower_threshold_lets_a_doubtful_question_through(
    ask: Callable[..., list[AskEvent]],
) -> None:
    answer = last(ask(Doubtful(0.2, "每晚不超过500元。"), threshold=0.1))
    assert (answer.answer, answer.answerable) == ("每晚不超过500元。", pytest.approx(0.2))


def test_a_server_that_tells_no_probabilities_answers_unchecked(
    ask: Callable[..., list[AskEvent]],
) -> None:
    chat = Doubtful(UnsupportedError("no probabilities", model="scripted"), "每晚不超过500元。")
    assert last(ask(chat)).answer == "每晚不超过500元。"


def test_the_check_is_not_asked_in_a_language_that_it_was_not_fitted_in(
    ask: Callable[..., list[AskEvent]],
) -> None:
    assert not last(ask(Doubtful(0.2, "每晚不超过500元。"), language="en")).refused


def test_an_answer_follows_the_later_version_and_says_so(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    rule = "第八条 出差人员住宿费标准为每人每天{}元，凭发票报销。"
    paths = [
        write("差旅费管理办法（2021年）.txt", rule.format(350)),
        write("差旅费管理办法（2023年修订）.txt", rule.format(420)),
    ]
    workspace.queue.wait(workspace.knowledge_base("库").add(paths).job_id)
    base = workspace.knowledge_base("库").searchable()
    base.embedder.model = replace(base.embedder.model, gate=None)

    def ask_it(text: str, chat: ScriptedChat) -> list[AskEvent]:
        answerer = Answerer(workspace._retriever, PROMPTS, lambda: chat, sampling=Sampling())
        asked = Question(text, [base], 5, 0.5, PROMPTS.load("knowledge_base"))
        return list(answerer.ask(asked, never))

    chat = ScriptedChat("每人每天420元。")
    events = ask_it("出差人员住宿费标准是多少？", chat)
    assert "420" in chat.prompts[-1]
    assert "350" not in chat.prompts[-1]
    answer = last(events)
    told = "（《差旅费管理办法》有不同版本，内容不一致，这里以较新的“2023年修订”为准。）"
    assert answer.answer.endswith(told)
    assert "".join(event.text for event in events if isinstance(event, Token)) == answer.answer
    assert [each.hit.document for each in answer.citations] == ["差旅费管理办法（2023年修订）.txt"]
    assert answer.sentences[-1] == Sentence(told, True, (1,))
    assert isinstance(events[0], PassagesFound)
    shown = {each.hit.document: each.hit.later for each in events[0].citations}
    assert shown == {
        "差旅费管理办法（2023年修订）.txt": None,
        "差旅费管理办法（2021年）.txt": "差旅费管理办法（2023年修订）.txt",
    }

    chat = ScriptedChat("每人每天350元。")
    answer = last(ask_it("按2021年的办法，出差人员住宿费标准是多少？", chat))
    assert "350" in chat.prompts[-1]
    assert "420" not in chat.prompts[-1]
    assert "版本" not in answer.answer
