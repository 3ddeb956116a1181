"""The browser's entry: frames every page and routes to it."""

import streamlit as st

from app.components import frame, history

frame.icon()
frame.keep_language()
say = frame.texts()
ask = st.Page(
    "views/ask.py",
    title=say("nav.ask"),
    icon=":material/forum:",
    help=say("nav.ask.help"),
    default=True,
)
knowledge_bases = st.Page(
    "views/knowledge_bases.py",
    title=say("nav.knowledge_bases"),
    icon=":material/library_books:",
    url_path="knowledge-bases",
    help=say("nav.knowledge_bases.help"),
)
exam = st.Page(
    "views/exam.py",
    title=say("nav.exam"),
    icon=":material/fact_check:",
    url_path="exam",
    help=say("nav.exam.help"),
)
page = st.navigation([ask, knowledge_bases, exam], position="sidebar")
frame.head(page.title, wide=page != ask)
history.sidebar()
frame.foot()
try:
    page.run()
except frame.KNOWN_ERRORS as exc:
    frame.show_error(exc)
