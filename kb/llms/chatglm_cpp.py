"""A GGML chat model of the ChatGLM family, P-Tuning prefix included, run by chatglm-cpp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kb.errors import BackendUnavailableError, GenerationError, KBError, UnsupportedError
from kb.llms.base import ChatMessage, Sampling, TokenPromptModel, Usage, refuse_options
from kb.llms.pieces import PieceReader, without_control_tokens
from kb.models.ggml import check_complete
from kb.models.table import LoadOptions

# The engine cuts the beginning of a longer prompt off without a word; we refuse such a prompt.
_NEVER_CUT = 1 << 30
# Their templates have no place for a system message, and the engine would drop it.
_WITHOUT_SYSTEM = ("ChatGLM", "ChatGLM2")
# The tokenizers of the family turn these into other marks by what follows them.
_MAY_CHANGE = ",!:;?�"


class ChatGLMCppModel(TokenPromptModel):
    """Runs ChatGLM, ChatGLM2, ChatGLM3 or GLM-4 in this process.

    The engine reads a prompt in one step: a generation that is closed meanwhile stops after it. It
    chooses its threads itself, keeps nothing of a former prompt, tells no probabilities and takes
    no seed.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_length: int,
        threads: int,  # noqa: ARG002
        options: LoadOptions,
    ) -> None:
        refuse_options("chatglm-cpp", options, known=())
        try:
            import chatglm_cpp
        except (ImportError, OSError) as exc:
            raise BackendUnavailableError(f"chatglm-cpp cannot be used: {exc}") from exc
        try:
            header = check_complete(path)
            length = min(context_length, header.context_length)
            # Its own default for prompts is 512 tokens, whatever the model can do.
            self._pipeline: Any = chatglm_cpp.Pipeline(str(path), max_length=length)
        except (KBError, RuntimeError, OSError, ValueError) as exc:
            raise BackendUnavailableError(
                f"{path.name} cannot be loaded: {exc}", hint="kb models verify"
            ) from exc
        self._engine: Any = chatglm_cpp
        self._takes_system = header.family not in _WITHOUT_SYSTEM
        config = self._pipeline.model.config
        self._ends = {config.eos_token_id, *config.extra_eos_token_ids}
        super().__init__(length)

    def close(self) -> None:
        self._pipeline = None

    def stream(self, messages: Sequence[ChatMessage], sampling: Sampling) -> Iterator[str]:
        if sampling.seed is not None and sampling.temperature > 0:
            raise UnsupportedError(
                "chatglm-cpp takes no seed: leave it out, or set the temperature to 0"
            )
        return super().stream(messages, sampling)

    def _answer(self, tokens: list[int], budget: int, sampling: Sampling) -> Iterator[str]:
        reader = PieceReader(sampling.stop)
        written: list[int] = []
        given = ""
        ended = False
        for token in self._choose(tokens, budget, sampling):
            if token in self._ends:
                ended = True
                break
            written.append(token)
            text = _whole(self._text(written).rstrip(_MAY_CHANGE))
            yield reader.feed(text[len(given) :].encode())
            given = text
            if reader.stopped:
                break
        if not reader.stopped:
            yield reader.feed(_whole(self._text(written))[len(given) :].encode())
        yield reader.finish()
        finished = ended or reader.stopped
        self._usage = Usage(
            len(tokens), len(tokens), len(written), "stop" if finished else "length"
        )

    def _choose(self, tokens: list[int], budget: int, sampling: Sampling) -> Iterator[int]:
        config = self._engine._C.GenerationConfig(
            max_length=self.context_length,
            max_context_length=self.context_length,
            do_sample=sampling.temperature > 0,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            temperature=sampling.temperature,
            repetition_penalty=sampling.repetition_penalty,
        )
        model, ids, past = self._pipeline.model, list(tokens), 0
        for _number in range(budget):
            try:
                token = model.generate_next_token(ids, None, config, past, len(tokens))
            except RuntimeError as exc:
                raise GenerationError(f"chatglm.cpp failed: {exc}") from exc
            past = len(ids)
            ids.append(token)
            yield token

    def _text(self, tokens: list[int]) -> str:
        try:
            text: str = self._pipeline.tokenizer.decode(tokens)
        except UnicodeDecodeError as exc:
            # Some tokenizers give bytes, of which the last ones may not be a whole character yet.
            return exc.object.decode(errors="replace")
        return text

    def _prompt_tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        plain = without_control_tokens(messages)
        if not self._takes_system:
            plain = _with_system_in_question(plain)
        chat = [self._engine.ChatMessage(each["role"], each["content"]) for each in plain]
        try:
            tokens: list[int] = self._pipeline.tokenizer.apply_chat_template(chat, _NEVER_CUT)
        except RuntimeError as exc:
            raise GenerationError(f"the model's chat template refuses the messages: {exc}") from exc
        return tokens


def _whole(text: str) -> str:
    """Drop bytes that never became a character: a replacement mark in an answer helps nobody."""
    return text.replace("�", "")


def _with_system_in_question(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put what the system says before the first question."""
    said = "\n\n".join(each["content"] for each in messages if each["role"] == "system")
    rest = [dict(each) for each in messages if each["role"] != "system"]
    if said and rest:
        rest[0]["content"] = f"{said}\n\n{rest[0]['content']}"
    return rest
