from __future__ import annotations

import pytest

from kb.errors import ContextTooLongError
from kb.llms.base import Sampling, answer_budget


@pytest.mark.parametrize(("prompt", "expected"), [(100, 50), (4046, 50), (4047, 49), (4095, 1)])
def test_an_answer_gets_what_it_asks_for_or_what_the_context_leaves(
    prompt: int, expected: int
) -> None:
    assert answer_budget(prompt, Sampling(max_tokens=50), 4096) == expected


def test_a_prompt_that_fills_the_context_is_refused_with_both_numbers() -> None:
    with pytest.raises(ContextTooLongError, match=r"4096 tokens, .* holds 4096") as caught:
        answer_budget(4096, Sampling(), 4096)
    assert caught.value.params == {"prompt_tokens": 4096, "context_length": 4096}
