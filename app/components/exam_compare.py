"""Two exams side by side: settings, measures, and the questions that became right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.components import markup
from app.components.exam_run import show_question
from app.components.frame import texts, when
from app.state import exams
from kb.exam.metrics import Figure
from kb.exam.report import Judgement, changes
from kb.exam.run import BaseThen, RunRecord

_MOST = 50


def show_comparison(records: Sequence[RunRecord], wanted: Sequence[str]) -> None:
    """Draw the choice of two runs and what differs between them."""
    say = texts()
    st.button(
        say("exam.back"),
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=st.query_params.clear,
    )
    st.title(say("exam.compare.title"), anchor=False)
    by_id = {record.run_id: record for record in records}
    given = [run_id for run_id in wanted if run_id in by_id]
    chosen = []
    for column, side, number in zip(st.columns(2), ("first", "second"), (0, 1), strict=True):
        default = list(by_id).index(given[number]) if len(given) > number else number
        chosen.append(
            column.selectbox(
                say(f"exam.compare.{side}"),
                list(by_id),
                index=min(default, len(by_id) - 1),
                format_func=lambda run_id: (
                    f"{by_id[run_id].name} · {when(by_id[run_id].created_at)}"
                ),
                key=f"exam_compare_{side}",
            )
        )
    first, second = (by_id[run_id] for run_id in chosen)
    if first.run_id == second.run_id:
        st.info(say("exam.compare.same"), icon=":material/info:")
        return
    _settings(first, second)
    _measures(first, second)
    _questions(first, second)


def _settings(first: RunRecord, second: RunRecord) -> None:
    say = texts()
    rows = [(say(f"exam.setting.{name}"), of(first), of(second)) for name, of in _setting_values()]
    st.subheader(say("exam.compare.settings"), anchor=False)
    st.html(markup.table(("", say("exam.compare.first"), say("exam.compare.second")), rows))


def _setting_values() -> list[tuple[str, Callable[[RunRecord], str]]]:
    say = texts()
    separator = say("list.separator")

    def each(value: Callable[[BaseThen], object]) -> Callable[[RunRecord], str]:
        return lambda run: separator.join(dict.fromkeys(str(value(base)) for base in run.bases))

    def size(run: RunRecord) -> str:
        return say(
            "exam.setting.size.value",
            documents=sum(base.documents for base in run.bases),
            passages=sum(base.passages for base in run.bases),
        )

    def chat(run: RunRecord) -> str:
        if run.settings.retrieval_only:
            return say("exam.only_retrieval")
        return run.chat_model or say("exam.no_model")

    def own(name: str) -> Callable[[RunRecord], str]:
        def of(run: RunRecord) -> str:
            chosen = getattr(run.settings, name)
            return str(chosen) if chosen is not None else each(lambda b: getattr(b, name))(run)

        return of

    return [
        ("date", lambda run: when(run.created_at)),
        ("bases", each(lambda base: base.name)),
        ("size", size),
        ("chat", chat),
        ("embedder", each(lambda base: base.embedder)),
        ("top_k", own("top_k")),
        ("threshold", own("threshold")),
        ("prompt", each(lambda base: base.prompt)),
        ("questions", lambda run: f"{run.done} / {run.total}"),
        ("duration", lambda run: say("exam.setting.duration.value", minutes=run.seconds / 60)),
    ]


def _measures(first: RunRecord, second: RunRecord) -> None:
    say = texts()
    with st.spinner(say("exam.measuring")):
        before, after = (exams().report(run.run_id).figures for run in (first, second))
    names = list(dict.fromkeys((*before, *after)))
    st.subheader(say("exam.figures"), anchor=False)
    if not names:
        st.caption(say("exam.no_figures"))
        return
    rows = [
        (
            say(f"exam.figure.{name}"),
            _value(before.get(name)),
            _value(after.get(name)),
            _difference(before.get(name), after.get(name)),
        )
        for name in names
    ]
    heads = [say(f"exam.compare.{key}") for key in ("first", "second", "difference")]
    st.html(markup.table((say("exam.measure"), *heads), rows))


def _value(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "–"
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f}) n={figure.count}"


def _difference(before: Figure | None, after: Figure | None) -> str:
    if before is None or after is None or before.value is None or after.value is None:
        return "–"
    return f"{after.value - before.value:+.3f}"


def _questions(first: RunRecord, second: RunRecord) -> None:
    say = texts()
    before, after = (exams().report(run.run_id).judgements for run in (first, second))
    paired = changes(before, after)
    st.caption(say("exam.compare.common", count=len(paired)))
    for title, old, new in (("gained", "wrong", "right"), ("lost", "right", "wrong")):
        found = [(a, b) for a, b in paired if (a.verdict, b.verdict) == (old, new)]
        st.subheader(say(f"exam.compare.{title}", count=len(found)), anchor=False)
        if not found:
            st.caption(say("exam.compare.no_change"))
        for one, other in found[:_MOST]:
            _pair(one, other)


def _pair(before: Judgement, after: Judgement) -> None:
    columns = st.columns(2)
    for column, side, judgement in zip(columns, "ab", (before, after), strict=True):
        with column:
            show_question(judgement, key=f"{side}_{after.question.id}")
