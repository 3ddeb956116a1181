"""Prompt files: text with named variables, checked when loaded; and two tables of fixed texts."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from pathlib import Path

from kb.answer.fixed_replies import parse_replies
from kb.answer.language import Language
from kb.answer.statute_words import Wording, parse_wordings
from kb.errors import NotFoundError, PromptError

PROMPT_VARIABLES: dict[str, frozenset[str]] = {
    "answer_check": frozenset(),
    "standalone_question": frozenset({"history", "question"}),
}
_REPLIES = "fixed_replies"
_WORDINGS = "thesaurus_law"
_MARK = re.compile(r"【([^】\n]{1,20})】")
_IN_A_LANGUAGE = re.compile(r"\.(?:zh|en)$")
_ANSWER_VARIABLES = frozenset({"context", "question"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's name and its text with ``{variables}``."""

    name: str
    template: str

    def fill(self, **values: str) -> str:
        """Put values in the place of the variables.

        The prompt's own marks, such as 【指令】, become 〔指令〕 in them: a document that holds
        one says it, and begins no part of the prompt.
        """
        marks = "|".join(re.escape(mark) for mark in _MARK.findall(self.template))
        if marks:
            own = re.compile(rf"[【［\[]\s*({marks})\s*[】］\]]", re.IGNORECASE)
            values = {name: own.sub(r"〔\1〕", text) for name, text in values.items()}
        return self.template.format(**values)


class PromptFolder:
    """The ``*.txt`` files of a folder; read when asked, so that an edit counts at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wordings: list[Wording] | None = None

    def answer_prompts(self) -> list[str]:
        """Names of the prompts that a knowledge base may answer with."""
        names = (path.stem for path in self._folder.glob("*.txt"))
        return sorted(
            name
            for name in names
            if name not in (*PROMPT_VARIABLES, _REPLIES, _WORDINGS)
            and not _IN_A_LANGUAGE.search(name)
        )

    def answer_prompt(self, name: str, language: Language) -> Prompt:
        """Read a prompt to answer in a language: ``<name>.<language>.txt`` where there is one.

        Raises:
            NotFoundError, PromptError: see `load`.
        """
        own = f"{name}.{language}"
        return self.load(own if (self._folder / f"{own}.txt").is_file() else name)

    def replies(self) -> dict[str, str]:
        """Read the fixed replies to small talk; none where the file was deleted.

        Raises:
            PromptError: a block of the file has no reply, or it is no UTF-8 text.
        """
        path = self._folder / f"{_REPLIES}.txt"
        if not path.is_file():
            return {}
        try:
            return parse_replies(path.read_text(encoding="utf-8"))
        except ValueError as exc:
            raise PromptError(f"{path.name}: {exc}", name=_REPLIES, problem=str(exc)) from exc

    def wordings(self) -> list[Wording]:
        """What statutes say for what people say, read once; nothing where the file was deleted.

        Raises:
            PromptError: a line of the file lacks one of the two, or it is no UTF-8 text.
        """
        if self._wordings is None:
            path = self._folder / f"{_WORDINGS}.txt"
            try:
                text = path.read_text(encoding="utf-8") if path.is_file() else ""
                self._wordings = parse_wordings(text)
            except ValueError as exc:
                raise PromptError(f"{path.name}: {exc}", name=_WORDINGS, problem=str(exc)) from exc
        return self._wordings

    def load(self, name: str) -> Prompt:
        """Read a prompt.

        Raises:
            NotFoundError: there is no such prompt.
            PromptError: it lacks a variable, names an unknown one, or is no UTF-8 text.
        """
        path = self._folder / f"{name}.txt"
        if path.parent != self._folder or not path.is_file():
            raise NotFoundError(f"no prompt {name}", kind="prompt", name=name)
        try:
            template = path.read_text(encoding="utf-8").rstrip("\n")
            used = {
                field for _, field, _, _ in string.Formatter().parse(template) if field is not None
            }
        except (UnicodeDecodeError, ValueError) as exc:
            raise PromptError(f"prompt {name}: {exc}", name=name, problem=str(exc)) from exc
        wanted = PROMPT_VARIABLES.get(name, _ANSWER_VARIABLES)
        if used != wanted:
            problem = (
                f"it must use exactly {', '.join(f'{{{variable}}}' for variable in sorted(wanted))}"
            )
            raise PromptError(f"prompt {name}: {problem}", name=name, problem=problem)
        return Prompt(name, template)
