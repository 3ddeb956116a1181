"""Errors and reasons as sentences in the reader's language: what failed, where, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.strings import TEXTS, Language, text
from kb.errors import AmbiguousNameError, KBError
from kb.faults import DISK_FAULTS, reason_of
from kb.types import Reason
from loaders.errors import LoadError

# Params whose values are words of ours and are shown in the reader's language.
_WORDS = ("kind", "limit", "format")
# What a disk does wrong is told as such wherever it happens.
_OF_THE_DISK = ("disk_full", "read_only", "disk_failed")


@dataclass(frozen=True, slots=True)
class Message:
    """An error as a person reads it; ``hint`` is the command or step that mends it, or ""."""

    code: str
    text: str
    hint: str


def of_error(error: Exception, language: Language) -> Message:
    """Say what went wrong; an error that is not ours becomes a general sentence."""
    if isinstance(error, KBError):
        params = dict(error.params)
        if isinstance(error, AmbiguousNameError):
            params["candidates"] = _listed(params.get("candidates"), language)
        sentence = _sentence(error.code, {"message": str(error), **params}, language)
        return Message(error.code, sentence, error.hint or _hint(error.code, language))
    if isinstance(error, LoadError):
        sentence = _sentence(error.code, {"message": str(error), **error.params}, language)
        return Message(error.code, sentence, _hint(error.code, language))
    if isinstance(error, DISK_FAULTS):
        reason = reason_of(error)
        if reason.code in _OF_THE_DISK:
            sentence = _sentence(reason.code, dict(reason.params), language)
            return Message(reason.code, sentence, _hint(reason.code, language))
    return Message("internal", text("error.internal", language), _hint("internal", language))


def of_reason(reason: Reason | None, language: Language) -> str | None:
    """Say why something is not as it should be; None where all is well."""
    if reason is None:
        return None
    sentence = _sentence(reason.code, dict(reason.params), language)
    inner = reason.params.get("code")
    if reason.code == "new_version_failed" and isinstance(inner, str):
        why = _sentence(inner, dict(reason.params.get("params") or {}), language)
        sentence = f"{sentence} {why}" if language == "en" else sentence + why
    return sentence


def of_warnings(warnings: Sequence[Reason], language: Language) -> list[str]:
    """Say what else is worth a look, a sentence each."""
    return [_sentence(each.code, dict(each.params), language) for each in warnings]


def of_code(code: str, language: Language) -> str:
    """Say what a code means without the particulars of one document."""
    return _sentence(code, {}, language)


def of_health(health: str | None, language: Language) -> str:
    """Name the colour of a document as a finding; None stands for what was not read yet."""
    return text(f"health.{health or 'unread'}", language)


def of_stage(stage: str, language: Language) -> str:
    """Name the stage of a job or of one of its files; an unknown one is shown as it is."""
    key = f"stage.{stage}"
    return text(key, language) if key in TEXTS else stage


def of_kind(kind: str, language: Language) -> str:
    """Name the kind of a job."""
    key = f"job.{kind}"
    return text(key if key in TEXTS else "job.other", language)


def of_state(state: str, language: Language) -> str:
    """Name a state of a document, a job or an outcome."""
    key = f"state.{state}"
    return text(key, language) if key in TEXTS else state


def _sentence(code: str, params: dict[str, object], language: Language) -> str:
    """Fill the sentence of ``code``; where a param is missing, the one that needs none serves."""
    shown = {name: _word(name, value, language) for name, value in params.items()}
    for key in (f"error.{code}", f"error.{code}.plain"):
        if key in TEXTS:
            try:
                return text(key, language, **shown)
            except KeyError:
                continue
    return text("error.unknown", language, code=code)


def _hint(code: str, language: Language) -> str:
    key = f"hint.{code}"
    return text(key, language) if key in TEXTS else ""


def _word(name: str, value: object, language: Language) -> object:
    key = f"{name}.{value}"
    return text(key, language) if name in _WORDS and key in TEXTS else value


def _listed(candidates: object, language: Language) -> str:
    names = [str(name) for name in candidates] if isinstance(candidates, (list, tuple)) else []
    return text("list.separator", language).join(names)
