"""The way from a question to its answer: condense, retrieve, gate, prompt, stream, ground."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kb.answer.candidates import Searchable
from kb.answer.check import CHECK, checked, log_odds
from kb.answer.context import fit, number
from kb.answer.extract import best_sentences
from kb.answer.fixed_replies import fixed_reply
from kb.answer.followups import standalone_question
from kb.answer.grounding import Similarity, cited, ground
from kb.answer.language import Language
from kb.answer.phrases import REFUSAL, drop_preamble, is_refusal, without_preamble
from kb.answer.prompts import Prompt, PromptFolder
from kb.answer.quoting import quotation, with_quotation
from kb.answer.retrieval import Retriever
from kb.answer.script import in_words_of, is_traditional
from kb.answer.versions import Preferred, Version, note
from kb.answer_types import (
    FIXED_REPLY,
    Answer,
    AskEvent,
    AskMilliseconds,
    Citation,
    PassagesFound,
    Sentence,
    Token,
    Turn,
)
from kb.errors import (
    BackendUnavailableError,
    CancelledError,
    ContextTooLongError,
    UnsupportedError,
)
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint
from kb.types import WHOLE, SearchFilter

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

logger = logging.getLogger(__name__)

# Passages shown under a refusal.
NEAREST = 3
# Passages that the chat model reads, of those that are shown. On two cores a small model reads some
# forty tokens a second: each passage is four seconds before the first word.
READ = 3
# Of the articles that a question names, it reads more.
_MOST_READ = 6
EXTRACTIVE_MODEL = "extractive"
# In place of a model's name where the answer is the text of an article that the question asks for,
# and where it was looked up in a table, or computed from it.
QUOTATION = "quotation"
FROM_TABLE = "table"

_MARKS = re.compile(r"\s*[\[［]\d+(?:\s*[,，、]\s*\d+)*[\]］]")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with all that decides how it is answered.

    Without ``follow_up`` it is asked as typed, whatever was said before. ``language`` is that of
    the answer, which the prompt asks for. ``wanted`` is what the bases are confined by.
    """

    text: str
    bases: Sequence[Searchable]
    top_k: int
    threshold: float
    prompt: Prompt
    turns: Sequence[Turn] = ()
    conversation: str = ""
    follow_up: bool = True
    language: Language = "zh"
    wanted: SearchFilter = WHOLE


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the runnable is given: the question and its numbered passages."""

    question: str
    citations: tuple[Citation, ...]


class Answerer:
    """Answers questions from passages; safe to call from several threads."""

    def __init__(
        self,
        retriever: Retriever,
        prompts: PromptFolder,
        chat: Callable[[], ChatEndpoint | None],
        *,
        sampling: Sampling,
    ) -> None:
        self._retriever = retriever
        self._prompts = prompts
        self._chat = chat
        self._sampling = sampling

    def ask(self, question: Question, cancelled: Callable[[], bool]) -> Iterator[AskEvent]:
        """Yield the passages, then tokens, then exactly one finished answer.

        A cancelled answer ends with what was generated so far.

        Raises:
            EmbeddingError, VectorIndexError: retrieval failed.
            GenerationError: the chat model failed.
        """
        started = time.monotonic()
        replies = self._prompts.replies()
        reply = fixed_reply(question.text, replies)
        if reply is not None:
            yield from _replied(question, reply, started)
            return
        chat = self._usable_chat()
        # No follow-up refers to small talk.
        turns = [turn for turn in question.turns if fixed_reply(turn.question, replies) is None]
        standalone = self._standalone(replace(question, turns=turns), chat, cancelled)
        retrieval = self._retriever.retrieve(
            question.bases,
            standalone,
            top_k=question.top_k,
            language=question.language,
            wanted=question.wanted,
        )
        citations = number(retrieval.hits)
        from_table = retrieval.from_table
        retrieved = time.monotonic()
        yield PassagesFound(standalone, citations, retrieval.answerable)

        named = sum(len(place.passage_ids) for place in retrieval.articles.articles)
        text, model, first_token = "", chat.name if chat else EXTRACTIVE_MODEL, None
        answerable = retrieval.answerable
        refused = not citations or answerable < question.threshold
        # What another version says in its place would only confuse.
        in_force = tuple(each for each in citations if each.hit.later is None) or citations
        read = in_force[: max(READ, min(named, _MOST_READ))]
        # Articles and cells are looked up; of other passages the model says what it thinks of them.
        if not refused and chat is not None and not named and from_table is None:
            answerable = min(answerable, self._checked(chat, question, standalone, read, cancelled))
            refused = answerable < question.threshold
        if not refused and retrieval.articles.asks_for_text and retrieval.articles.articles:
            text, model = self._retriever.article_texts(retrieval.articles), QUOTATION
            first_token = time.monotonic()
            yield Token(text)
        elif not refused and from_table is not None:
            text, model = from_table.text, FROM_TABLE
            first_token = time.monotonic()
            yield Token(text)
        elif not refused and chat is not None:
            pieces = self.runnable(chat, question.prompt, cancelled).stream(
                ModelInput(standalone, read)
            )
            try:
                for piece in without_preamble(pieces):
                    if first_token is None:
                        first_token = time.monotonic()
                    text += piece
                    yield Token(piece)
            except BackendUnavailableError as exc:
                if text:
                    raise
                logger.warning("answering without the chat model: %s", exc)
                model = EXTRACTIVE_MODEL
        if not refused and model == EXTRACTIVE_MODEL:
            text = best_sentences(standalone, citations)
            if text:
                yield Token(text)
        if model not in (QUOTATION, FROM_TABLE):
            passages = [citation.hit.text for citation in citations]
            text = _tidy(text, passages)
            if is_traditional(standalone):
                text = in_words_of(text, passages)
        # An answer that was stopped before its first word says nothing, not even that it cannot.
        refused = refused or (not text and not cancelled()) or is_refusal(text)
        sentences: tuple[Sentence, ...] = ()
        if model == QUOTATION:
            citations = citations[:named]
        if model == FROM_TABLE and from_table is not None:
            citations = citations[: len(from_table.passage_ids)]
            # What was computed stands in no row: that it comes of these rows is known.
            rows = tuple(citation.number for citation in citations)
            sentences = (Sentence(text, True, rows),)
        elif not refused:
            similarity = _similarity(question.bases)
            sentences = tuple(ground(text, citations, standalone, similarity))
        # Of an answer that was stopped, the rest may have had support.
        if model not in (QUOTATION, FROM_TABLE, EXTRACTIVE_MODEL) and sentences and not cancelled():
            # Else a model made it up.
            refused = not any(sentence.supported for sentence in sentences)
            quoted = quotation(standalone, text, cited(sentences, citations))
            if not refused and quoted is not None:
                whole = with_quotation(text, quoted)
                yield Token(whole[len(text) :])
                text = whole
                sentences = (*sentences, Sentence(quoted.text, True, (quoted.number,)))
        if refused:
            sentences = ()
        elif sentences and not cancelled():
            told = _versions_to_tell(retrieval.preferred, cited(sentences, citations))
            for version, source in told:
                words = note(version, question.language)
                yield Token(words)
                text += words
                sentences = (*sentences, Sentence(words.strip(), True, (source.number,)))
        yield Answer(
            question=question.text,
            standalone_question=standalone,
            answer=REFUSAL if refused else text,
            refused=refused,
            answerable=answerable,
            threshold=question.threshold,
            citations=citations[:NEAREST] if refused else cited(sentences, citations),
            sentences=sentences,
            sql=from_table.sql if from_table is not None and not refused else None,
            model=model,
            conversation=question.conversation,
            milliseconds=AskMilliseconds(
                retrieve=_milliseconds(started, retrieved),
                first_token=_milliseconds(started, first_token) if first_token else None,
                total=_milliseconds(started, time.monotonic()),
            ),
            extractive=model == EXTRACTIVE_MODEL,
        )

    def _standalone(
        self, question: Question, chat: ChatEndpoint | None, cancelled: Callable[[], bool]
    ) -> str:
        if not question.follow_up:
            return question.text

        def is_answered(text: str) -> bool:
            found = self._retriever.retrieve(
                question.bases, text, top_k=question.top_k, wanted=question.wanted
            )
            return found.answerable >= question.threshold

        def complete(model: ChatEndpoint | None) -> str:
            return standalone_question(
                question.text,
                question.turns,
                chat=model,
                prompt=self._prompts.load("standalone_question"),
                cancelled=cancelled,
                is_answered=is_answered,
            )

        try:
            return complete(chat)
        except (BackendUnavailableError, ContextTooLongError) as exc:
            logger.warning("completing a follow-up without the chat model: %s", exc)
        return complete(None)

    def _checked(
        self,
        chat: ChatEndpoint,
        question: Question,
        standalone: str,
        citations: Sequence[Citation],
        cancelled: Callable[[], bool],
    ) -> float:
        """How likely the chat model finds the answer in the passages; 1 where it cannot tell."""
        # Its odds were fitted under the Chinese prompt.
        if chat.check is None or question.language != "zh":
            return 1.0
        try:
            odds = log_odds(
                chat, question.prompt, self._prompts.load(CHECK), standalone, citations, cancelled
            )
        except (UnsupportedError, CancelledError, BackendUnavailableError) as exc:
            # Whatever keeps it from answering too is dealt with there.
            logger.info("answering unchecked: %s", exc)
            return 1.0
        return checked(odds, chat.check)

    def _usable_chat(self) -> ChatEndpoint | None:
        """The chat model, or None where it is not here or broken: then answers are extracts."""
        chat = self._chat()
        return None if chat is None or chat.state.name in ("absent", "failed") else chat

    def runnable(
        self, chat: ChatEndpoint, prompt: Prompt, cancelled: Callable[[], bool]
    ) -> Runnable[ModelInput, str]:
        """The LangChain runnable from numbered passages to a stream of text."""
        # LangChain takes seconds to import, which commands that ask nothing need not spend.
        from langchain_core.runnables import RunnableGenerator, RunnableLambda

        def to_message(model_input: ModelInput) -> ChatMessage:
            message, _kept = fit(
                prompt,
                model_input.question,
                model_input.citations,
                chat,
                self._sampling.max_tokens,
            )
            return message

        def generate(messages: Iterator[ChatMessage]) -> Iterator[str]:
            for message in messages:
                yield from chat.stream([message], self._sampling, cancelled)

        return RunnableLambda(to_message) | RunnableGenerator(generate)


def _similarity(bases: Sequence[Searchable]) -> Similarity | None:
    """How near a sentence is to passages in another language, by the embedder of the question."""
    if not bases:
        return None
    embedder = bases[0].embedder
    # What is near enough to answer a question in another language is near enough to say the same.
    near_enough = embedder.model.gate.foreign if embedder.model.gate else 0.0

    def similarity(sentence: str, passages: Sequence[str]) -> list[float]:
        own = embedder.embed_queries([sentence])[0]
        return [float(share) for share in embedder.embed_passages(passages) @ own - near_enough]

    return similarity


def _versions_to_tell(
    preferred: Mapping[int, Preferred], sources: Sequence[Citation]
) -> list[tuple[Version, Citation]]:
    """Choose the versions that an answer follows though another one says something else."""
    by_passage = {source.hit.passage_id: source for source in sources}
    told = {
        each.version: by_passage[each.passage_id]
        for each in preferred.values()
        if each.to_tell and each.passage_id in by_passage
    }
    return list(told.items())


def _replied(question: Question, reply: str, started: float) -> Iterator[AskEvent]:
    """Answer small talk: no passage is looked for, and nothing is refused."""
    yield PassagesFound(question.text, (), 1.0)
    yield Token(reply)
    taken = _milliseconds(started, time.monotonic())
    yield Answer(
        question=question.text,
        standalone_question=question.text,
        answer=reply,
        refused=False,
        answerable=1.0,
        threshold=question.threshold,
        citations=(),
        sentences=(),
        sql=None,
        model=FIXED_REPLY,
        conversation=question.conversation,
        milliseconds=AskMilliseconds(retrieve=0.0, first_token=taken, total=taken),
    )


def _tidy(text: str, passages: Sequence[str]) -> str:
    """Drop what models add around an answer: source marks, "根据已知信息，", blank ends."""

    def keep(mark: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", mark[0])]
        # The 2013 of 国发[2013]5号 and the 1 of list[1] are no marks: no source has such a number,
        # or it stands there with what is before it.
        quoted = text[max(0, mark.start() - 2) : mark.start()] + mark[0]
        is_mark = all(1 <= number <= len(passages) for number in numbers) and not any(
            quoted in passage for passage in passages
        )
        return "" if is_mark else mark[0]

    return drop_preamble(_MARKS.sub(keep, text).strip())


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 1)
