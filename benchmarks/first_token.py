"""First token and tokens per second: through the chat service, and straight from the engine.

    python3 -m benchmarks.first_token [--models FOLDER] [--model FILE] [--threads N] [--rounds N]

Both read the same prompt in one run, in turns, so that a busy machine slows both alike. "cold" is
a prompt that shares nothing with the former one, "warm" one whose beginning was just read. A figure
is the median over the rounds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from kb.llms.base import ChatMessage, Sampling
from kb.llms.registry import available_backend, open_model
from kb.llms.service import ChatService
from kb.models.table import ChatModel

_PASSAGES = (
    "青河水库始建于一九五八年，总库容一点二亿立方米，以灌溉和供水为主，兼有防洪和发电的作用。",
    "水库大坝为黏土心墙坝，最大坝高四十六米，坝顶长三百八十米，正常蓄水位一百零五米。",
    "二〇一九年起，管理处对溢洪道进行了加固，更换了三扇弧形闸门，并安装了自动测报系统。",
    "每年五月至九月为汛期，汛限水位为一百零二米，调度由市防汛指挥部统一下达。",
    "水库下游有两座县城和十一个乡镇，灌溉面积二十三万亩，主要种植水稻和油菜。",
    "电站装机容量三千二百千瓦，年均发电量约九百万千瓦时，全部并入当地电网。",
    "库区设有水质监测点六处，按月取样，近五年水质保持在地表水二类标准以上。",
)
_ANSWER_TOKENS = 64

Ask = Callable[[list[ChatMessage]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer: seconds to the first piece, and pieces per second from there on."""

    first: float
    per_second: float


def prompt(mark: str, question: str) -> list[ChatMessage]:
    """Build a prompt of about 560 tokens; another mark at its start shares no prefix with it."""
    known = "\n".join(f"[{number}] {text}" for number, text in enumerate(_PASSAGES * 2, 1))
    text = (
        f"【{mark}】根据已知信息，简洁和专业的来回答问题。\n【已知信息】{known}\n【问题】{question}"
    )
    return [ChatMessage("system", mark), ChatMessage("user", text)]


def measure(ask: Ask, messages: list[ChatMessage]) -> Timing:
    """Time one answer."""
    started = time.perf_counter()
    times = [time.perf_counter() for piece in ask(messages) if piece]
    if len(times) < 2:
        raise SystemExit("the model gave no answer to time")
    return Timing(times[0] - started, (len(times) - 1) / (times[-1] - times[0]))


def serve_engine(pipe: Connection, backend: str, path: Path, threads: int) -> None:
    """Answer timing requests with the engine alone, in a process of its own like the child's."""
    model = open_model(backend, path, context_length=4096, threads=threads)
    sampling = Sampling(max_tokens=_ANSWER_TOKENS)
    pipe.send(None)
    while (messages := pipe.recv()) is not None:
        pipe.send(
            (model.count_tokens(messages), measure(lambda m: model.stream(m, sampling), messages))
        )
    model.close()


def main() -> None:
    """Measure and print a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--models", type=Path, default=Path("knowledge_bases/models"))
    parser.add_argument("--model", default="qwen2.5-coder-1.5b.gguf")
    parser.add_argument("--backend", default="llama_cpp")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    path: Path = given.models / given.model
    record = ChatModel(
        name=path.stem,
        backend=given.backend,
        licence="",
        size=path.stat().st_size,
        context_length=4096,
        path=path.name,
    )
    backend = available_backend(record)

    # The engine's threads wait in the same manner on both sides.
    os.environ["OMP_WAIT_POLICY"] = "passive"
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    engine = context.Process(target=serve_engine, args=(far, backend, path, given.threads))
    engine.start()
    near.recv()
    service = ChatService(record, folder=path.parent, threads=given.threads)
    sampling = Sampling(max_tokens=_ANSWER_TOKENS)
    timings: dict[str, list[Timing]] = {}
    tokens = 0
    try:
        for round_number in range(given.rounds + 1):
            for kind, question in (
                ("cold", "坝高多少？"),
                ("warm", "汛限水位是多少？请说明理由。"),
            ):
                messages = prompt(f"第{round_number}轮", question)
                near.send(messages)
                tokens, raw = near.recv()
                through = measure(lambda m: service.stream(m, sampling), messages)
                if round_number:  # the first one warms the machine up
                    timings.setdefault(f"engine {kind}", []).append(raw)
                    timings.setdefault(f"service {kind}", []).append(through)
        near.send(None)
        engine.join()
    finally:
        service.close()
        engine.kill()
    report(backend, path.name, tokens, timings)


def report(backend: str, name: str, tokens: int, timings: dict[str, list[Timing]]) -> None:
    """Print medians and the ratio of service to engine."""
    medians = {
        kind: Timing(
            statistics.median(timing.first for timing in found),
            statistics.median(timing.per_second for timing in found),
        )
        for kind, found in timings.items()
    }
    print(f"{name}, {backend}, prompt {tokens} tokens")
    for kind, timing in medians.items():
        print(f"  {kind:14} first token {timing.first:6.3f} s   {timing.per_second:6.1f} pieces/s")
    result: dict[str, object] = {"model": name, "backend": backend, "prompt_tokens": tokens}
    for kind in ("cold", "warm"):
        service, engine = medians[f"service {kind}"], medians[f"engine {kind}"]
        result |= {
            f"first_token_{kind}_seconds": round(service.first, 3),
            f"first_token_{kind}_ratio": round(service.first / engine.first, 3),
            f"pieces_per_second_{kind}": round(service.per_second, 1),
            f"pieces_per_second_{kind}_ratio": round(service.per_second / engine.per_second, 3),
        }
    json.dump(result, sys.stdout)
    print()


if __name__ == "__main__":
    main()
