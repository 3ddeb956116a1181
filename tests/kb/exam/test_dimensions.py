import pytest

from kb.exam.dimensions import (
    BEST,
    CHECKED,
    NEEDED,
    WEIGHTS,
    PassageLanguage,
    passed,
    rate,
    rate_all,
    shown_dimensions,
    weighted,
)
from kb.exam.questions import ExamQuestion
from kb.exam.results import Outcome, Shown

PASSAGES = (
    "员工工作满一年后，每年享有五天带薪年假；满十年后，每年享有十天。年假须提前三日申请，由部门经理批准。",
    "差旅报销须在出差结束后十五日内提交，住宿费上限为每晚四百元。",
)
QUESTION = ExamQuestion("q", "工作满一年有几天带薪年假？", answers=("五天带薪年假",))
GOOD = "员工工作满一年后，每年享有五天带薪年假。"


def outcome(answer: str, *, supported: bool = True) -> Outcome:
    found = tuple(Shown(rank, "库", "x", "", text, 1.0) for rank, text in enumerate(PASSAGES, 1))
    return Outcome(
        id="q",
        question=QUESTION.text,
        answer=answer,
        refused=False,
        answerable=1.0,
        threshold=0.5,
        found=found,
        cited=found[:1],
        sentences=((answer, supported),),
        model="m",
        retrieve=1.0,
        total=1.0,
    )


@pytest.mark.parametrize(
    ("dimension", "spoiled"),
    [
        ("coherence", "每年享有五天带薪年假，员工工作满一年后。"),
        ("coherence", "住宿费上限为每晚四百元。"),
        ("fluency", "年满一天员假享年，带薪有五后工作每工。"),
        ("fluency", "员工工作满一年后，每年享有五天带"),
        ("fluency", GOOD + GOOD),
        ("informativeness", "员工工作满一年后"),
        ("informativeness", "住宿费上限为每晚四百元。"),
        ("factuality", "员工工作满一年后，每年享有十五天带薪年假。"),
        ("factuality", "员工工作满一年后，每年不享有五天带薪年假。"),
        ("factuality", "住宿费上限为每晚四百元。"),
    ],
)
def test_a_good_answer_ranks_above_a_spoiled_one(dimension: str, spoiled: str) -> None:
    language = PassageLanguage(PASSAGES)
    good = rate_all(QUESTION, outcome(GOOD), language)
    bad = rate_all(QUESTION, outcome(spoiled), language)
    assert good[dimension] > bad[dimension]  # type: ignore[index]
    assert all(0 <= score <= BEST for score in (*good.values(), *bad.values()))


def test_what_no_source_supports_counts_half() -> None:
    language = PassageLanguage(PASSAGES)
    supported = rate_all(QUESTION, outcome(GOOD), language)["factuality"]
    alone = rate_all(QUESTION, outcome(GOOD, supported=False), language)["factuality"]
    assert alone == pytest.approx(supported / 2)


def test_only_dimensions_that_passed_every_check_are_shown() -> None:
    shown = rate(QUESTION, outcome(GOOD), PassageLanguage(PASSAGES))
    assert tuple(shown) == shown_dimensions()
    for dimension in WEIGHTS:
        shares = [check.share for check in CHECKED if check.dimension == dimension]
        assert passed(dimension) is (min(shares) >= NEEDED)


def test_the_weights_are_those_of_the_reviewers() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    scores = {"coherence": 2.0, "fluency": 1.0, "informativeness": 0.0, "factuality": 1.0}
    assert weighted(scores) == pytest.approx(0.4 * 2 + 0.2 * 1 + 0.2 * 1)
    assert weighted({"fluency": 1.5}) == pytest.approx(1.5)
    assert weighted({}) is None


def test_without_passages_nothing_is_known() -> None:
    assert PassageLanguage([]).order("随便什么") == 1.0
    assert PassageLanguage([]).ending("随便") == 0.0
