"""Short ways to contents and documents in a catalog."""

from __future__ import annotations

import numpy as np

from kb.store.contents import ContentBatch, ContentFacts
from kb.types import Line, PageHealth, PageText, Passage, Place
from tests.kb.store.conftest import Store


def content(
    store: Store, texts: list[str], sha256: str = "s", pages: tuple[PageHealth, ...] = ()
) -> int:
    """Write an unpublished content with one line and passage for each text."""
    content_id = store.contents.open("kb", sha256, "tiny", title="标题")
    store.contents.append(
        content_id,
        ContentBatch(
            pages=[PageText(1, None, "\n".join(texts))],
            lines=[Line(text, Place(page=1), glue="\n") for text in texts],
            passages=[
                Passage(number, number, text, "", "", Place(page=1, boxes=((0, 0, 0.5, 1),)))
                for number, text in enumerate(texts)
            ],
            vectors=np.eye(len(texts), 4, dtype=np.float32),
        ),
        "tiny",
    )
    store.contents.finish(content_id, ContentFacts("txt", "utf-8", 1, pages=pages))
    return content_id


def document(store: Store, path: str, content_id: int | None = None, sha256: str = "s") -> int:
    document_id = store.documents.begin(
        "kb", path, size=3, mtime=1, source="added", created_by="someone"
    )
    if content_id is not None:
        store.documents.publish(
            document_id, content_id, "ready", None, sha256=sha256, size=3, mtime=1
        )
    return document_id
