import pytest

from kb.answer.phrases import drop_preamble, is_refusal, without_preamble


@pytest.mark.parametrize(
    "text",
    [
        "根据已知信息无法回答该问题。",
        "很抱歉，无法从已知信息中得到答案。",
        "The question cannot be answered from the known information.",
        "Sorry, but this question can't be answered.",
        "The deadline cannot be determined from the provided context.",
        "I am unable to answer this question.",
        "The known information does not mention a deadline.",
        "The documents provided don't help: the given passages do not say who signs.",
        "There is no information about overtime.",
        "No relevant information is provided.",
    ],
)
def test_a_refusal_is_recognised_in_both_languages(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "Employees who cannot answer the phone in time call back within a day.",
        "The deadline cannot be extended.",
        "The form does not mention salaries.",
        "Visitors give no information on the telephone.",
        "无法按时完成的，应当说明理由。",
    ],
)
def test_what_documents_say_of_others_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("According to the known information, the limit is 500 yuan.", "The limit is 500 yuan."),
        ("Based on the provided context: ten days.", "Ten days."),
        ("According to the travel policy, 500 yuan.", "According to the travel policy, 500 yuan."),
        ("Based on seniority, five to fifteen days.", "Based on seniority, five to fifteen days."),
        ("From the information desk.", "From the information desk."),
        ("Ten days.", "Ten days."),
        ("Based on", "Based on"),
        ("According to the known information,", ""),
        ("根据已知信息，500元。", "500元。"),
    ],
)
def test_a_preamble_is_dropped_however_it_is_cut(said: str, left: str) -> None:
    assert drop_preamble(said) == left
    for size in (1, 3, len(said)):
        pieces = (said[start : start + size] for start in range(0, len(said), size))
        assert "".join(without_preamble(pieces)) == left


def test_other_answers_are_not_held_back() -> None:
    pieces = iter(["B", "oth", " parts", " of it"])
    assert next(without_preamble(pieces)) == "Both"
