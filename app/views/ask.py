"""The page to ask: choose knowledge bases, ask, read the answer and its sources."""

from dataclasses import replace

import streamlit as st

from app.components import asking, frame, history, markup
from app.components.answer import show_answer
from app.components.feedback import show_feedback
from app.state import workspace
from kb.types import KnowledgeBaseRecord


def page() -> None:
    """Draw the conversation and the way to go on with it, or what is needed first."""
    say = frame.texts()
    knowledge_bases = workspace().knowledge_bases()
    if not knowledge_bases:
        frame.empty_state("library_add", say("ask.none.title"), say("ask.none.body"))
        _leave_for(say("kb.create_first"), ":material/add:", {"new": "1"})
        frame.first_steps()
    elif not any(each.passage_count for each in knowledge_bases):
        frame.empty_state("upload_file", say("ask.empty.title"), say("ask.empty.body"))
        _leave_for(say("ask.empty.button"), ":material/upload:", {"kb": knowledge_bases[0].kb_id})
    else:
        _talk(knowledge_bases)


def _talk(knowledge_bases: list[KnowledgeBaseRecord]) -> None:
    say = frame.texts()
    asking.settle()
    conversation = history.current_conversation()
    messages = (
        workspace().conversations.messages(conversation.conversation_id) if conversation else []
    )
    scope = asking.choose_knowledge_bases(knowledge_bases, conversation)
    options = asking.choose_options(conversation)
    as_typed = asking.asked_as_typed()
    question = st.chat_input(
        say("ask.placeholder"), submit_mode="stop", max_chars=2000, key="question"
    )
    if as_typed:
        question, options = as_typed, replace(options, follow_up=False)
    welcome = st.empty()
    if not messages and not question and not asking.is_running(conversation):
        with welcome.container():
            frame.empty_state("forum", say("ask.welcome.title"), say("ask.welcome.body"))
            frame.tips()
    for number, message in enumerate(messages):
        with st.chat_message(message.role, avatar=history.AVATARS[message.role]):
            if message.answer is not None:
                show_answer(message.answer, key=str(number))
                show_feedback(message)
                if number == len(messages) - 1:
                    asking.as_typed(message.answer, key=str(number))
            elif message.role == "user":
                st.text(message.text)
            else:
                st.html(markup.block(message.text, "zk-answer"))
    # Its question comes first: the answer is the second of the messages to come.
    asking.follow_or_start(
        question,
        scope=scope,
        conversation=conversation,
        number=len(messages) + 1,
        options=options,
    )


def _leave_for(label: str, icon: str, query: dict[str, str]) -> None:
    with st.container(horizontal_alignment="center"):
        if st.button(label, type="primary", icon=icon):
            st.switch_page("views/knowledge_bases.py", query_params=query)


page()
