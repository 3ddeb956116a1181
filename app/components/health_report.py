"""How well the files of a whole knowledge base were read."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from app.components.document_health import COLORS, ICONS, cell
from app.components.frame import language, texts
from app.messages import of_code, of_health
from kb.knowledge_base import KnowledgeBase
from kb.types import FormatHealth, Health, HealthReport

_COLOURS: tuple[Health, ...] = ("green", "amber", "red")


def show_report(knowledge_base: KnowledgeBase) -> None:
    """Draw the counts, the reasons and the formats, with the details to download."""
    say = texts()
    report = knowledge_base.health_report()
    _counts(report)
    st.caption(say("health.explain"))
    st.markdown(f"**{say('health.reasons')}**")
    if report.reasons:
        _reasons(report)
    else:
        st.caption(say("health.all_good"))
    st.markdown(f"**{say('health.formats')}**")
    _formats(report.formats)
    st.link_button(
        say("health.csv"),
        f"/api/knowledge-bases/{quote(knowledge_base.kb_id, safe='')}/health.csv?lang={language()}",
        icon=":material/download:",
    )


def _counts(report: HealthReport) -> None:
    say = texts()
    colours: list[Health | None] = [*_COLOURS, *([None] if report.counts.get(None) else [])]
    figures = [
        (
            f":{COLORS[each]}[{ICONS[each]}] {of_health(each, language())}",
            report.counts.get(each, 0),
        )
        for each in colours
    ]
    figures += [
        (say("head.pages"), sum(each.pages for each in report.formats)),
        (say("head.ocr_pages"), sum(each.ocr_pages for each in report.formats)),
        (say("head.empty_pages"), sum(each.empty_pages for each in report.formats)),
    ]
    with st.grid(len(figures), min_column_width=160, gap="small"):
        for label, value in figures:
            st.metric(label, value, border=True)


def _reasons(report: HealthReport) -> None:
    say = texts()
    st.dataframe(
        [
            {
                "health": cell(health),
                "reason": of_code(code, language()),
                "documents": count,
            }
            for health, code, count in report.reasons
        ],
        hide_index=True,
        alt=say("health.reasons"),
        column_config={
            "health": st.column_config.TextColumn(say("head.health"), width=96),
            "reason": st.column_config.TextColumn(say("head.reason"), width=520),
            "documents": st.column_config.NumberColumn(say("head.documents"), width=80),
        },
    )


def _formats(formats: tuple[FormatHealth, ...]) -> None:
    say = texts()
    st.dataframe(
        [
            {
                "format": each.format or say("health.unknown_format"),
                "documents": each.documents,
                **{colour: getattr(each, colour) for colour in _COLOURS},
                "pages": each.pages,
                "ocr_pages": each.ocr_pages,
                "empty_pages": each.empty_pages,
            }
            for each in formats
        ],
        hide_index=True,
        alt=say("health.formats"),
        column_config={
            "format": st.column_config.TextColumn(say("head.format"), width=110),
            "documents": st.column_config.NumberColumn(say("head.documents"), width=80),
            "green": st.column_config.NumberColumn(cell("green"), width=88),
            "amber": st.column_config.NumberColumn(cell("amber"), width=88),
            "red": st.column_config.NumberColumn(cell("red"), width=88),
            "pages": st.column_config.NumberColumn(say("head.pages"), width=80),
            "ocr_pages": st.column_config.NumberColumn(say("head.ocr_pages"), width=110),
            "empty_pages": st.column_config.NumberColumn(say("head.empty_pages"), width=110),
        },
    )
