"""Requests, one set for the command line and HTTP; keys are the contract's."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kb.answer_types import AnswerLanguage
from kb.types import DocumentOrder

LONGEST_TEXT = 20_000
EARLIEST, LATEST = date(1970, 1, 1), date(9998, 12, 31)
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
_COLOURS = "^((green|amber|red)(,(green|amber|red))*)?$"


class Request(BaseModel):
    """Base of all requests: an unknown key is a mistake of the caller."""

    model_config = ConfigDict(extra="forbid", str_max_length=LONGEST_TEXT)


class CreateRequest(Request):
    """Make a knowledge base."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: str = ""
    embedder: str | None = None


class ConfigureRequest(Request):
    """Change a knowledge base; what is null stays as it is."""

    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    description: str | None = None
    top_k: Annotated[int | None, Field(ge=1, le=50)] = None
    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    prompt: str | None = None
    embedder: str | None = None


class DocumentsRequest(Request):
    """Which documents of a knowledge base to list, and a page of how many."""

    # A query string may hold more than ours, such as what keeps a page out of caches.
    model_config = ConfigDict(extra="ignore")

    state: str = ""
    health: Annotated[
        str, Field(pattern=_COLOURS, description="green, amber, red, joined by commas")
    ] = ""
    contains: str = ""
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    order: DocumentOrder = "document"
    descending: bool = False
    pages: Annotated[bool, Field(description="with the health of every page")] = True


class AddRequest(Request):
    """Add files and folders of this machine; only for callers with the server's token."""

    paths: Annotated[list[str], Field(min_length=1)]
    password: Annotated[str | None, Field(repr=False)] = None


class ExamineRequest(Request):
    """Prove that the data folder holds together; with ``repair`` mend what can be made again."""

    repair: bool = False


class ReindexRequest(Request):
    """Read documents again; all of them when none is named."""

    documents: list[str] | None = None
    password: Annotated[str | None, Field(repr=False)] = None
    force_ocr: Annotated[
        bool, Field(description="read the pages' pictures even where there is text")
    ] = False


class RetryRequest(Request):
    """Run the failed files of a job again; the password opens those that are encrypted."""

    password: Annotated[str | None, Field(repr=False)] = None


def format_of(given: str) -> str:
    """Give the format that its name or one of its suffixes stands for.

    Raises:
        ValueError: there is none; the message lists them.
    """
    # Only a filtered question needs the table, and with it the loaders.
    from loaders.formats import FORMATS

    name = given.strip().lower().removeprefix(".")
    known = {suffix: each.name for each in FORMATS if each.loader for suffix in each.suffixes}
    known |= {each.name: each.name for each in FORMATS if each.loader}
    if name not in known:
        raise ValueError(", ".join(sorted({*known.values()})))
    return known[name]


class SearchRequest(Request):
    """Search one or several knowledge bases."""

    knowledge_bases: Annotated[list[str], Field(min_length=1)]
    question: Annotated[str, Field(min_length=1)]
    top_k: Annotated[int | None, Field(ge=1, le=100)] = None
    types: Annotated[
        list[Annotated[str, AfterValidator(format_of)]] | None,
        Field(min_length=1, description="only documents of these formats, such as pdf; null: all"),
    ] = None
    since: Annotated[
        Day | None, Field(description="only documents whose file was changed on this day or later")
    ] = None
    until: Annotated[
        Day | None,
        Field(description="only documents whose file was changed by the end of this day"),
    ] = None


class AskRequest(SearchRequest):
    """Ask one or several knowledge bases; an empty conversation keeps nothing, null starts one."""

    threshold: Annotated[float | None, Field(ge=0, le=1)] = None
    conversation: str | None = None
    follow_up: Annotated[
        bool, Field(description="complete the question by what was said before, where it needs it")
    ] = True
    language: Annotated[
        AnswerLanguage | None,
        Field(description="of the answer; auto: that of the question; null: the server's setting"),
    ] = None
    stream: bool = False


class SynonymsRequest(Request):
    """Other synonyms in place of all: a group on each line, its words parted by "="."""

    model_config = ConfigDict(extra="forbid", str_max_length=500_000)

    text: str


class RenameConversationRequest(Request):
    """Give a conversation another title."""

    title: Annotated[str, Field(min_length=1, max_length=200)]


class FeedbackRequest(Request):
    """Praise or blame an answer; null takes back what was given."""

    feedback: Literal["up", "down"] | None


class BackupRequest(Request):
    """Write a backup into a file of the server's machine, named by its absolute path."""

    file: Annotated[str, Field(min_length=1)]
