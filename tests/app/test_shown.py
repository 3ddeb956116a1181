import json
from collections.abc import Iterator

import pytest

from app.api.models import PageModel, PagePartModel, PassageModel, ShowModel, ShownModel
from app.shown import Shown, gathered, json_pieces, lines, read_lines

HEAD = ShownModel(document='甲"乙.txt', document_id=7, line_count=4, passage_count=2)
# Some readers take the last three for the end of a line.
PARTS = [
    PagePartModel(page=1, sheet=None, text='第一页\n"上"', begins=True),
    PagePartModel(page=1, sheet=None, text="下\\", begins=False),
    PagePartModel(page=2, sheet="表\u2028", text="\u2028\x85\x0c", begins=True),
]
PASSAGES = [
    PassageModel(
        passage_id=number,
        first_line=number,
        last_line=number,
        heading="",
        text=f"第{number}段\u2029",
        page=1,
        box=None,
        sheet=None,
        row=None,
        column=None,
        paragraph=None,
    )
    for number in (1, 2)
]


def shown(*, passages: bool) -> Shown:
    return Shown(HEAD, iter(PARTS), iter(PASSAGES) if passages else None)


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("passages", [True, False])
def test_the_pieces_are_the_json_of_the_whole(passages: bool) -> None:
    pages = [
        PageModel(page=1, sheet=None, text='第一页\n"上"\n下\\'),
        PageModel(page=2, sheet="表\u2028", text="\u2028\x85\x0c"),
    ]
    whole = ShowModel(
        **HEAD.model_dump(), pages=pages, passages=PASSAGES if passages else None
    ).model_dump(mode="json")
    value = json.loads("".join(gathered(json_pieces(shown(passages=passages)))))
    assert value == whole
    assert list(value)[:3] == ["document", "document_id", "pages"]


def test_a_document_without_text_is_a_whole_value_too() -> None:
    value = json.loads("".join(json_pieces(Shown(HEAD, iter(()), iter(())))))
    assert (value["pages"], value["passages"]) == ([], [])


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_lines_are_read_again_wherever_they_were_cut(size: int) -> None:
    sent = "".join(lines(shown(passages=True))).encode()
    again = read_lines(blocks(sent, size), passages=True)
    assert (again.head, list(again.pages)) == (HEAD, PARTS)
    assert again.passages is not None
    assert list(again.passages) == PASSAGES
    alone = read_lines(blocks(sent, size), passages=True)
    assert alone.passages is not None
    assert list(alone.passages) == PASSAGES


def test_small_pieces_are_sent_together_and_large_ones_at_once() -> None:
    sizes = [len(piece) for piece in gathered(["一" * 1000] * 100 + ["二" * 100_000])]
    assert sizes == [66_000, 134_000, 0]
