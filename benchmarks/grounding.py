"""Does grounding mark the sentences that the passages do not support, and no others?

Sentences are made from labelled questions (``qa/<name>.jsonl``: ``question``, ``answers``,
``evidence_sentence``): the sentence that answers, a part of it, or the question turned into a
statement. Each of them is made false once, by another number, date or name, taken from the same
passage, from another one or from nowhere, or by a negation or an opposite word. They are judged
against the passages that the product finds for the question; sentences whose source it does not
find are left out. All choices follow from the seed.

Figures of the half of the questions that rules may be fitted on and of the held-out one stand side
by side.

    python -m benchmarks.grounding --data PATH --home FOLDER [--kb NAME …] [--misses first]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import rjieba

from benchmarks.gate import Question, first_half, questions
from benchmarks.quality import ingest
from kb.answer.context import number
from kb.answer.grounding import ground
from kb.answer_types import Citation, Hit
from kb.exam.metrics import figure, interval_text, normalised
from kb.settings import Settings
from kb.workspace import Workspace

_ASKS = re.compile(
    r"(?:在|於|于)?(?:什么|什麼|何)(?:时候|時候|时间|時間|时)|(?:在|於|于)?(?:哪|那)(?:一)?(?:年(?!代)|天|日|月)"
    r"|(?:是)?(?:哪|那)(?:一)?(?:个|個|位|些|种|種|部|家|所|座|本|条|條|项|項|国|國)?(?:人|地方|里|裡|裏|儿)?"
    r"|(?:什么|什麼|何)(?:人|地方|名字)?|誰|谁|多少|几|幾|何[处處地]|為何|为何|怎么|怎麼|怎样"
)
_FORM = {"number": r"\d+(?:\.\d+)?(?![\d年月日號号])", "date": r"\d+(?=年|月|日|號|号)"}
_NEGATIONS = (
    ("没有", "有"),
    ("無法", "能"),
    ("无法", "能"),
    ("不得", "可以"),
    ("不能", "能"),
    ("不是", "是"),
    ("未", "已"),
    ("增长", "下降"),
    ("下降", "增长"),
    ("增加", "减少"),
    ("减少", "增加"),
    ("高于", "低于"),
    ("低于", "高于"),
    ("以上", "以下"),
    ("以下", "以上"),
    ("应当", "不得"),
    ("可以", "不可以"),
    ("能够", "不能"),
    ("并", "并未"),
    ("是", "不是"),
    ("为", "不为"),
    ("為", "不為"),
    ("由", "并非由"),
    ("被", "没有被"),
    ("会", "不会"),
    ("會", "不會"),
    ("位于", "不位于"),
    ("包括", "不包括"),
    ("获得", "没有获得"),
    ("因", "并非因"),
    ("有", "没有"),
    ("在", "不在"),
)
_PROPER = ("nr", "ns", "nt", "nz")


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, whether the passages say it, and how it was made."""

    question: Question
    citations: tuple[Citation, ...]
    manner: str
    change: str
    sentence: str

    @property
    def is_true(self) -> bool:
        """Whether nothing was changed."""
        return not self.change


def statement(question: str, answer: str) -> str:
    """Turn a question into the sentence that answers it."""
    asked = question.rstrip("？?。 ")
    answer = answer.rstrip("。 ")
    places = list(_ASKS.finditer(asked))
    if len(answer) > 20 or len(places) != 1:
        return f"{asked}：{answer}。"
    before, after = asked[: places[0].start()], asked[places[0].end() :]
    if answer[-1].isdigit() and (unit := re.search("[年月日]", places[0][0])):
        answer += unit[0]
    # 多少人 and 12人 make 12人, 哪一年代 and 80年代 make 80年代.
    for length in range(min(len(after), len(answer)), 0, -1):
        if answer.endswith(after[:length]):
            after = after[length:]
            break
    if before[-1:].isdigit() and answer[0].isdigit():
        before += "，"
    return f"{before}{answer}{after}。"


def shortened(sentence: str, answer: str) -> str:
    """Keep the clause with the answer and the one before it, without what is in brackets."""
    plain = re.sub(r"（[^（）]*）|\([^()]*\)", "", sentence)
    clauses = re.split(r"(?<=[，,；;])", plain)
    for place, clause in enumerate(clauses):
        if normalised(answer) in normalised(clause):
            return "".join(clauses[max(0, place - 1) : place + 1]).rstrip("，,；;。 ") + "。"
    return ""


def true_sentences(question: Question) -> Iterator[tuple[str, str]]:
    """Yield (manner, sentence)."""
    evidence = question.get("evidence_sentence", "").strip()
    answer = min(question["answers"], key=len)
    yield "evidence", evidence
    yield "shortened", shortened(evidence, answer)
    yield "statement", statement(question["question"], answer)


def names(text: str) -> list[str]:
    """Titles, Latin names, and what the dictionary takes for names."""
    found = re.findall(r"《([^《》]{2,20})》", text) + re.findall(r"[A-Z][A-Za-z\-]{2,}", text)
    found += [word for word, tag in rjieba.tag(text) if tag.startswith(_PROPER) and len(word) > 1]
    return list(dict.fromkeys(found))


def changed(
    sentence: str,
    question: Question,
    near: str,
    hits: Sequence[Hit],
    strangers: Sequence[str],
    seed: int,
) -> Iterator[tuple[str, str]]:
    """Yield (kind of change, false sentence); ``near`` is the passage that it is from."""
    chance = random.Random(f"{seed} {question['id']} {sentence}")  # noqa: S311 - no secret
    answer = min(question["answers"], key=len)
    far = "\n".join(hit.text for hit in hits if hit.text != near)
    for kind, form in _FORM.items():
        places = list(re.finditer(form, sentence))
        if not places:
            continue
        place = chance.choice(places)
        unit = sentence[place.end() : place.end() + 1]
        # Another year for a year, and so on, where there is one.
        alike = rf"\d+(?:\.\d+)?(?={re.escape(unit)})" if kind == "date" else form
        invented = [str(int(float(place[0])) + chance.choice((1, 2, 3, 7, 11)))]
        yield from _swaps(
            sentence,
            place.span(),
            kind,
            {
                "same": re.findall(alike, near),
                "other": re.findall(alike, far),
                "invented": invented,
            },
            chance,
        )
    own = [name for name in [*names(sentence), answer] if name in sentence and len(name) <= 12]
    own = [name for name in own if not re.search(r"\d", name)]
    if own:
        name = chance.choice(own)
        start = sentence.index(name)
        yield from _swaps(
            sentence,
            (start, start + len(name)),
            "name",
            {
                "same": [other for other in names(near) if other not in sentence],
                "other": [other for other in names(far) if other not in near + sentence],
                "invented": [other for other in strangers if other not in near + far],
            },
            chance,
        )
    pairs = [pair for pair in _NEGATIONS if pair[0] in sentence]
    if pairs:
        old, new = chance.choice(pairs)
        yield "negation", sentence.replace(old, new, 1)


def _swaps(
    sentence: str,
    span: tuple[int, int],
    kind: str,
    pools: dict[str, list[str]],
    chance: random.Random,
) -> Iterator[tuple[str, str]]:
    old = sentence[slice(*span)]
    for source, pool in pools.items():
        fitting = [new for new in pool if normalised(new) != normalised(old) and new not in old]
        fitting = [new for new in fitting if old not in new]
        if fitting:
            new = chance.choice(fitting)
            yield f"{kind}, {source}", sentence[: span[0]] + new + sentence[span[1] :]


def _says(text: str, sentence: str) -> bool:
    return normalised(sentence) in normalised(text)


def make_cases(
    workspace: Workspace, asked: Sequence[Question], names_: Sequence[str], seed: int
) -> Iterator[Case]:
    """Yield for each manner of each question one true sentence and one false one."""
    answers = [min(question["answers"], key=len) for question in asked]
    strangers = [
        answer for answer in answers if 2 <= len(answer) <= 6 and not re.search(r"\d", answer)
    ]
    turn: Counter[str] = Counter()
    for question in asked:
        if question["answer_type"] != "span" or question["kb"] not in names_:
            continue
        hits = workspace.search([question["kb"]], question["question"], top_k=5).hits
        evidence, answer = question.get("evidence_sentence", ""), min(question["answers"], key=len)
        sources = [hit for hit in hits if evidence and _says(hit.text, evidence)]
        if not sources or not any(_says(hit.text, answer) for hit in sources):
            continue
        citations = number(hits)
        for manner, sentence in true_sentences(question):
            if not 8 <= len(sentence) <= 150:
                continue
            wrong = [
                (change, false)
                for change, false in changed(
                    sentence, question, sources[0].text, hits, strangers, seed
                )
                if not any(_says(hit.text, false) for hit in hits)
            ]
            if wrong:
                # The rarest kind so far: all kinds are about as many.
                change, false = min(wrong, key=lambda each: turn[each[0]])
                turn[change] += 1
                yield Case(question, citations, manner, "", sentence)
                yield Case(question, citations, manner, change, false)


def marked(case: Case) -> tuple[bool, float]:
    """Whether a sentence of the case is marked as unsupported, and the milliseconds it took."""
    started = time.process_time()
    sentences = ground(case.sentence, case.citations, case.question["question"])
    taken = (time.process_time() - started) * 1000
    return not all(sentence.supported for sentence in sentences), taken


def report(cases: Sequence[Case], marks: Sequence[bool]) -> None:
    """Print precision and recall of the marks, then each manner and each kind of change."""
    judged = list(zip(cases, marks, strict=True))

    def line(title: str, values: Iterable[bool]) -> None:
        print(f"  {title:<28}{interval_text(figure(values))}")

    line("precision", (not case.is_true for case, mark in judged if mark))
    line("recall", (mark for case, mark in judged if not case.is_true))
    line("true ones wrongly marked", (mark for case, mark in judged if case.is_true))
    for manner in sorted({case.manner for case in cases}):
        line(
            f"  marked, true, {manner}",
            (mark for case, mark in judged if case.is_true and case.manner == manner),
        )
    for change in sorted({case.change for case in cases if case.change}):
        line(f"  marked, {change}", (mark for case, mark in judged if case.change == change))


def main() -> None:
    """Make the sentences, judge them and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="data folder to ingest into")
    parser.add_argument("--kb", nargs="*", help="knowledge bases; default: all with questions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", choices=("first", "held-out"), help="show them of one half")
    arguments = parser.parse_args()
    chosen = arguments.kb or sorted(path.stem for path in (arguments.data / "qa").glob("*.jsonl"))
    workspace = Workspace.open(Settings(home=arguments.home))
    try:
        ingest(workspace, arguments.data, chosen)
        asked = list(questions(arguments.data, chosen))
        asked.sort(key=lambda question: hashlib.sha256(question["id"].encode()).hexdigest())
        cases = list(make_cases(workspace, asked, chosen, arguments.seed))
    finally:
        workspace.close()
    judged = [marked(case) for case in cases]
    print(f"milliseconds a sentence: median {statistics.median(ms for _mark, ms in judged):.1f}")
    for half in ("first", "held-out"):
        mine = [
            (case, mark)
            for case, (mark, _ms) in zip(cases, judged, strict=True)
            if first_half(case.question) == (half == "first")
        ]
        print(f"{half} half, {len(mine)} sentences")
        report([case for case, _mark in mine], [mark for _case, mark in mine])
        if arguments.misses == half:
            for case, mark in mine:
                if mark == case.is_true:
                    print(f"  {case.manner} | {case.change or 'true'} | {case.sentence}")


if __name__ == "__main__":
    main()
