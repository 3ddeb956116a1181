from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from kb.store.database import Database
from kb.store.documents import Documents
from kb.store.health import Totals, assess, totals_of
from kb.types import DocumentFilter, DocumentState, FormatHealth, Health, PageHealth, Reason
from tests.kb.store.conftest import Store
from tests.kb.store.filling import content, document

MIGRATIONS = Path(__file__).resolve().parents[3] / "kb" / "store" / "migrations"
GOOD = PageHealth(1, None, 100, 1.0, "text", None, 0)


def page(number: int, **values: object) -> PageHealth:
    return PageHealth(**{**_fields(GOOD), "page": number, **values})  # type: ignore[arg-type]


def _fields(health: PageHealth) -> dict[str, object]:
    return {name: getattr(health, name) for name in PageHealth.__dataclass_fields__}


def totals(**values: object) -> Totals:
    whole: dict[str, object] = {
        "characters": 100,
        "readable": 1.0,
        "confidence": None,
        "ocr_pages": 0,
        "empty_pages": 0,
        "tables": 0,
        **values,
    }
    return Totals(**whole)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "warnings", "found", "health", "remarks"),
    [
        ("ready", [], totals(), "green", []),
        ("ready", [], None, "green", []),
        ("partial", [], totals(), "amber", []),
        ("ready", ["garbled_text"], totals(), "amber", [Reason("garbled_text")]),
        (
            "ready",
            [],
            totals(confidence=0.71, ocr_pages=3),
            "amber",
            [Reason("low_confidence", {"confidence": 71, "pages": 3})],
        ),
        ("ready", [], totals(confidence=0.8, ocr_pages=3), "green", []),
        (
            "ready",
            [],
            totals(readable=0.85),
            "amber",
            [Reason("unreadable_characters", {"percent": 15})],
        ),
        ("ready", ["garbled_text"], totals(readable=0.85), "amber", [Reason("garbled_text")]),
        ("ready", [], totals(readable=0.9), "green", []),
        (
            "ready",
            [],
            totals(readable=0.3),
            "red",
            [Reason("unreadable_characters", {"percent": 70})],
        ),
        # Blank pages are no loss; pages that the loader misses are.
        ("ready", [], totals(empty_pages=10), "green", []),
        ("partial", [], totals(empty_pages=9), "red", []),
        ("partial", [], totals(empty_pages=8), "amber", []),
        ("failed", ["garbled_text"], None, "red", []),
        ("unsupported", [], None, "red", []),
        ("queued", [], None, None, []),
        ("processing", [], None, None, []),
        ("excluded", [], None, None, []),
    ],
)
def test_colour_follows_from_state_warnings_and_what_was_counted(
    state: DocumentState,
    warnings: list[str],
    found: Totals | None,
    health: Health | None,
    remarks: list[Reason],
) -> None:
    assert assess(state, warnings, found, 10) == (health, tuple(remarks))


def test_shares_are_weighted_by_characters() -> None:
    pages = [
        page(1, characters=300, readable=1.0, source="ocr", confidence=0.9, tables=2),
        page(2, characters=100, readable=0.2, source="ocr", confidence=0.5),
        page(3, characters=0, readable=0.0, source="ocr", confidence=0.0),
        page(4, characters=0, readable=0.0, source="none"),
    ]
    assert totals_of(pages) == Totals(400, 0.8, 0.8, 3, 1, 2)
    assert totals_of([]) is None


def test_pages_of_several_documents_come_back_as_they_were_written(store: Store) -> None:
    pages = (page(1, tables=1), page(2, source="ocr", confidence=0.75), page(3, source="none"))
    first = document(store, "a.pdf", content(store, ["甲"], "s", pages=pages), "s")
    second = document(store, "b.xlsx", content(store, ["乙"], "t", pages=(GOOD,)), "t")
    queued = document(store, "c.pdf")
    found = store.health.pages("kb", [first, second, queued])
    assert found == {first: list(pages), second: [GOOD], queued: []}
    assert store.health.pages("other", [first]) == {first: []}
    record = store.documents.get("kb", first)
    assert (record.characters, record.ocr_pages, record.empty_pages, record.tables) == (
        300,
        1,
        1,
        1,
    )
    assert (record.readable, record.confidence) == (1.0, 0.75)


def test_a_document_is_judged_when_it_is_published_and_when_it_is_refused(store: Store) -> None:
    doubtful = content(store, ["甲"], pages=(page(1, source="ocr", confidence=0.5),))
    document_id = document(store, "a.pdf")
    assert store.documents.get("kb", document_id).health is None
    document(store, "a.pdf", doubtful)
    record = store.documents.get("kb", document_id)
    assert (record.state, record.health) == ("ready", "amber")
    assert record.warnings == (Reason("low_confidence", {"confidence": 50, "pages": 1}),)
    document(store, "a.pdf", content(store, ["乙"], "t", pages=(GOOD,)), "t")
    record = store.documents.get("kb", document_id)
    assert (record.health, record.warnings) == ("green", ())

    def refuse(number: int) -> None:
        store.documents.refuse(
            number, "failed", Reason("damaged_file"), format_name="pdf", sha256="u", size=1
        )

    refuse(document_id)
    assert store.documents.get("kb", document_id).health == "amber"
    fresh = document(store, "b.pdf")
    refuse(fresh)
    assert store.documents.get("kb", fresh).health == "red"
    assert document(store, "b.pdf") == fresh
    assert store.documents.get("kb", fresh).health is None


def test_documents_are_filtered_by_health_in_the_catalog(store: Store) -> None:
    document(store, "good.pdf", content(store, ["甲"], "s", pages=(GOOD,)), "s")
    weak = page(1, source="ocr", confidence=0.6)
    document(store, "weak.pdf", content(store, ["乙"], "t", pages=(weak,)), "t")
    bad = document(store, "bad.pdf")
    store.documents.refuse(
        bad, "failed", Reason("damaged_file"), format_name=None, sha256=None, size=1
    )
    document(store, "queued.pdf")

    def names(*health: Health) -> list[str]:
        return [each.document for each in store.documents.page("kb", DocumentFilter(health=health))]

    assert names("amber", "red") == ["bad.pdf", "weak.pdf"]
    assert names("green") == ["good.pdf"]
    assert store.documents.count("kb", DocumentFilter(health=("amber",))) == 1
    assert store.documents.count("kb", DocumentFilter(health=("amber",), contains="good")) == 0


def test_report_sums_up_colours_formats_and_reasons(store: Store) -> None:
    pages = (GOOD, page(2, source="ocr", confidence=0.95), page(3, source="none"))
    document(store, "a.txt", content(store, ["甲"], "s", pages=pages), "s")
    weak = page(1, source="ocr", confidence=0.6)
    document(store, "b.txt", content(store, ["乙"], "t", pages=(weak,)), "t")
    for name in ("c.pdf", "d.pdf"):
        store.documents.refuse(
            document(store, name),
            "failed",
            Reason("damaged_file", {"format": "pdf"}),
            format_name="pdf",
            sha256=None,
            size=1,
        )
    store.documents.refuse(
        document(store, "e.xyz"),
        "unsupported",
        Reason("unsupported_format"),
        format_name=None,
        sha256=None,
        size=1,
    )
    document(store, "f.txt")
    report = store.health.report("kb")
    assert report.counts == {"green": 1, "amber": 1, "red": 3, None: 1}
    assert report.reasons == (
        ("red", "damaged_file", 2),
        ("amber", "low_confidence", 1),
        ("red", "unsupported_format", 1),
    )
    assert report.formats == (
        FormatHealth("pdf", 2, 0, 0, 2, 0, 0, 0),
        FormatHealth("txt", 2, 1, 1, 0, 2, 2, 1),
        FormatHealth(None, 2, 0, 0, 1, 0, 0, 0),
    )


def test_purge_takes_the_pages_of_a_dead_content(store: Store) -> None:
    gone = document(store, "a.txt", content(store, ["甲"], pages=(GOOD, page(2))))
    store.removals.remove("kb", gone, bin_path=None, removed_by="")
    while store.contents.purge():
        pass
    with store.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM page_health")).scalar() == 0


def test_a_catalog_from_before_is_judged_by_states_and_warnings(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    engine = create_engine(f"sqlite+pysqlite:///{path}")
    with engine.begin() as connection:
        _first_schema(connection)
        connection.execute(
            text(
                "INSERT INTO knowledge_bases VALUES"
                " ('kb', 'kb', '', 'tiny', 4, 5, 0.5, 'p', '', '', 1, 1, 0, NULL)"
            )
        )
        for number, warnings in ((1, "[]"), (2, '["garbled_text"]')):
            connection.execute(
                text(
                    "INSERT INTO contents (id, kb_id, sha256, embedder, live, line_count,"
                    " passage_count, warnings, created_at)"
                    " VALUES (:id, 'kb', 's', 'tiny', 1, 0, 0, :warnings, 1)"
                ),
                {"id": number, "warnings": warnings},
            )
        documents = (
            ("ready", 1),
            ("ready", 2),
            ("partial", 1),
            ("failed", None),
            ("unsupported", None),
            ("queued", None),
        )
        for number, (state, content_id) in enumerate(documents):
            connection.execute(
                text(
                    "INSERT INTO documents (kb_id, path, content_id, state, size, source, owner,"
                    " created_by, created_at, updated_at)"
                    " VALUES ('kb', :path, :content, :state, 1, 'added', '', '', 1, 1)"
                ),
                {"path": f"{number}.txt", "content": content_id, "state": state},
            )
    engine.dispose()
    database = Database(path)
    records = Documents(database).page("kb")
    database.close()
    assert [record.health for record in records] == [
        "green",
        "amber",
        "amber",
        "red",
        "red",
        None,
    ]
    assert records[0].readable is None


def _first_schema(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
