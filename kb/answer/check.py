"""Stage two of the gate: whether the chat model finds an answer in the passages, before it writes.

The model is asked by the answer's own prompt, which ends with another request, so what it read for
the check it need not read again for the answer. Nothing is generated: the odds of its first word
tell. A question whose topic is there, but whose answer is not, passes stage one and falls here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from kb.answer.context import fit
from kb.answer.prompts import Prompt
from kb.answer_types import Citation
from kb.llms.endpoint import ChatEndpoint
from kb.models.table import CheckConstants

CHECK = "answer_check"
"""The prompt that ends the answer's: a request for one of two words."""

# The two words, as they begin in prompts/answer_check.txt.
_YES, _NO = "是", "否"
# The likeliest first tokens that are looked at.
_LOOKED_AT = 20
_TOKENS_OF_ONE_WORD = 2


def log_odds(
    chat: ChatEndpoint,
    prompt: Prompt,
    check: Prompt,
    question: str,
    citations: Sequence[Citation],
    cancelled: Callable[[], bool],
) -> float:
    """Return ln(p(yes) / p(no)) of the model's first word about question and passages.

    Raises:
        UnsupportedError: the model's server does not tell probabilities.
        BackendUnavailableError, CancelledError, ContextTooLongError, GenerationError: see
            `ChatEndpoint.first_token`.
    """
    before, asked, after = prompt.template.rpartition("{question}")
    # A prompt that shows the passages after the question is kept whole.
    shared = prompt.template if "{context}" in after else before + asked
    message, _kept = fit(
        Prompt(check.name, f"{shared}\n{check.template}"),
        question,
        citations,
        chat,
        _TOKENS_OF_ONE_WORD,
    )
    return _log_odds(chat.first_token([message], _LOOKED_AT, cancelled))


def checked(odds: float, constants: CheckConstants) -> float:
    """Calibrated probability (0 to 1) that the passages answer the question."""
    exponent = constants.slope * (odds - constants.even)
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, exponent))))


def _log_odds(chances: Mapping[str, float]) -> float:
    # A word that is not among the likeliest is less likely than all of them.
    least = min(chances.values())
    yes, no = (
        max((chance for token, chance in chances.items() if token.strip() == word), default=least)
        for word in (_YES, _NO)
    )
    return yes - no
