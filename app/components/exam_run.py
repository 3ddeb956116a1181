"""One exam: what it measured, its questions, and each of them with its retrieval laid out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.components import markup
from app.components.exam_list import facts, problem_text, show_progress, state_badge
from app.components.frame import language, texts
from app.exam_page import VERDICTS, is_gold_hit, render, worst
from app.places import place_text
from app.state import exams
from kb.exam.dimensions import BEST, weighted
from kb.exam.report import Judgement, Report
from kb.exam.results import Shown
from kb.exam.run import ACTIVE, RunRecord
from kb.types import Place

_PAGE_SIZE = 20
_COLOURS = {"right": "green", "wrong": "red"}


def show_run(record: RunRecord) -> None:
    """Draw a run, or the question of it that the address names."""
    say = texts()
    st.button(
        say("exam.back"),
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=st.query_params.clear,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(markup.label(record.name), anchor=False, width="stretch")
        state_badge(record)
    st.caption(facts(record))
    problem = problem_text(record)
    if problem:
        st.warning(markup.label(problem, limit=400), icon=":material/error:")
    if record.state in ACTIVE:
        show_progress(record.run_id)
    if not record.done:
        _actions(record, None)
        return
    with st.spinner(say("exam.measuring")):
        report = exams().report(record.run_id)
    _actions(record, report)
    figures, questions = st.tabs([say("exam.figures"), say("exam.all")], key="exam_tabs")
    with figures:
        _figures(report)
    with questions:
        _questions(report.judgements)


def _actions(record: RunRecord, report: Report | None) -> None:
    say = texts()
    if record.state in ACTIVE:
        return
    with st.container(horizontal=True):
        if record.done < record.total and st.button(
            say("exam.resume"), icon=":material/play_arrow:", key="exam_resume"
        ):
            exams().resume(record.run_id)
            st.rerun()
        if report is not None:
            shown_in = language()
            st.download_button(
                say("exam.download_page"),
                lambda: render(report, title=record.name, language=shown_in),
                file_name=f"{record.run_id}.html",
                mime="text/html",
                icon=":material/download:",
                on_click="ignore",
            )
            path = exams().results(record.run_id)
            st.download_button(
                say("exam.download_results"),
                path.read_bytes,
                file_name=f"{record.run_id}.jsonl",
                mime="application/x-ndjson",
                icon=":material/download:",
                on_click="ignore",
            )
        if st.button(
            say("exam.delete"), icon=":material/delete:", type="tertiary", key="exam_delete"
        ):
            exams().delete(record.run_id)
            st.query_params.clear()
            st.rerun()


def _figures(report: Report) -> None:
    say = texts()
    if not report.figures:
        st.info(say("exam.no_figures"), icon=":material/info:")
    else:
        heads = [say(f"exam.{key}") for key in ("measure", "value", "interval", "n")]
        rows = [
            (
                say(f"exam.figure.{name}"),
                f"{figure.value:.3f}",
                f"{figure.low:.3f}–{figure.high:.3f}",
                str(figure.count),
            )
            for name, figure in report.figures.items()
        ]
        st.html(markup.table(heads, rows))
    if report.dimensions:
        st.subheader(say("exam.dimensions"), anchor=False)
        means = {name: mean for name, (mean, _count) in report.dimensions.items()}
        rated = [
            (say(f"exam.dimension.{name}"), f"{mean:.2f} / {BEST:.0f}", str(count))
            for name, (mean, count) in report.dimensions.items()
        ]
        total = weighted(means)
        if total is not None:
            rated.append((say("exam.dimension.weighted"), f"{total:.2f} / {BEST:.0f}", ""))
        heads = [say(f"exam.{key}") for key in ("measure", "value", "n")]
        st.html(markup.table(heads, rated))
        st.caption(say("exam.dimensions.help"))
    if report.milliseconds:
        medians = report.milliseconds
        st.caption(say("exam.medians", retrieve=medians["retrieve"], total=medians["total"] / 1000))


def _questions(judgements: Sequence[Judgement]) -> None:
    say = texts()
    present = [name for name in VERDICTS if any(each.verdict == name for each in judgements)]
    chosen = st.segmented_control(
        say("exam.filter"),
        ["all", *present],
        default="wrong" if "wrong" in present else "all",
        required=True,
        format_func=lambda each: say(
            "exam.filter.all" if each == "all" else f"exam.verdict.{each}"
        ),
        label_visibility="collapsed",
        key="exam_filter",
    )
    wanted = (
        worst(judgements)
        if chosen == "wrong"
        else [each for each in judgements if chosen in ("all", each.verdict)]
    )
    if not wanted:
        st.caption(say("exam.filter.empty"))
        return
    pages = -(-len(wanted) // _PAGE_SIZE)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"exam_page_{chosen}") or 1
    for judgement in wanted[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]:
        show_question(judgement, key=str(judgement.question.id))


def show_question(judgement: Judgement, *, key: str) -> None:
    """Draw a question as an expander; what is in it is made when it is opened."""
    say = texts()
    colour = _COLOURS.get(judgement.verdict, "gray")
    verdict = f":{colour}[{say(f'exam.verdict.{judgement.verdict}')}]"
    name = f"{verdict}   {markup.label(judgement.question.text)}"
    with st.expander(name, key=f"exam_question_{key}", on_change="rerun") as opened:
        if opened.open:
            _question(judgement)


def _question(judgement: Judgement) -> None:
    say = texts()
    question, outcome = judgement.question, judgement.outcome
    rows = []
    if outcome is not None and outcome.answer is not None:
        rows.append((say("exam.answer"), outcome.answer))
    if question.refuse:
        rows.append((say("exam.gold"), say("exam.gold.refuse")))
    else:
        golds = [*question.answers, *(" / ".join(group) for group in question.must_include)]
        said = "\n".join(dict.fromkeys(golds)) or say("exam.gold.none")
        rows.append((say("exam.gold"), said))
    if question.document:
        rows.append((say("exam.gold.document"), question.document))
    if judgement.rank is not None:
        rank = str(judgement.rank) if judgement.rank else say("exam.plot.not_found")
        rows.append((say("exam.rank"), rank))
    if outcome is not None:
        rows.append((say("exam.answerable"), f"{outcome.answerable:.2f}"))
    rows.extend(
        (say(f"exam.dimension.{name}"), f"{score:.2f} / {BEST:.0f}")
        for name, score in judgement.dimensions.items()
    )
    st.html(markup.table(("", ""), rows))
    if outcome is None:
        return
    st.markdown(f"**{say('exam.retrieval')}**")
    if not outcome.found:
        st.caption(say("exam.retrieval.none"))
    cited = {(shown.document, shown.text) for shown in outcome.cited}
    for shown in outcome.found:
        is_cited = outcome.answer is not None and (shown.document, shown.text) in cited
        _passage(shown, is_gold=is_gold_hit(judgement, shown), is_cited=is_cited)


def _passage(shown: Shown, *, is_gold: bool, is_cited: bool) -> None:
    say = texts()
    place = place_text(Place(page=shown.page, sheet=shown.sheet, row=shown.row), language())
    marks = f"   :green-badge[{say('exam.gold_passage')}]" if is_gold else ""
    marks += f"   :gray-badge[{say('exam.cited')}]" if is_cited else ""
    where = " · ".join(part for part in (markup.label(shown.document), markup.label(place)) if part)
    score = say("source.score", score=shown.score)
    st.markdown(f"**{shown.rank}**   {where} · :gray[{score}]{marks}")
    st.html(markup.block(shown.text, "zk-passage zk-gold" if is_gold else "zk-passage"))
