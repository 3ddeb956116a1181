import pytest

from app.components import markup
from kb.answer_types import Sentence

HOSTILE = '<img src=x onerror="alert(1)"> [a](http://x.example) ![b](http://x.example/b.png) $x$'


def test_a_block_shows_markup_as_text() -> None:
    shown = markup.block(HOSTILE, "zk-text")
    assert "<img" not in shown
    assert shown.startswith('<div class="zk-text">&lt;img src=x onerror=&quot;alert(1)&quot;&gt;')


@pytest.mark.parametrize("character", list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
def test_a_label_escapes_every_punctuation_character(character: str) -> None:
    assert markup.label(f"a{character}b").replace("\u2060", "") == f"a\\{character}b"


def test_a_label_breaks_bare_addresses_that_would_become_links() -> None:
    assert "http\\:\u2060\\/\\/x" in markup.label("http://x.example")
    assert "www\u2060\\.x" in markup.label("www.x.example")
    assert "a\\@\u2060b" in markup.label("a@b.example")


def test_a_label_is_one_line_of_limited_length() -> None:
    assert markup.label("a\n b") == "a b"
    assert markup.label("长" * 200, limit=10) == "长" * 9 + "…"


def test_the_passage_is_marked_inside_its_window() -> None:
    shown = markup.passage("前文。<b>命中</b>。后文。", "<b>命中</b>。")
    assert "前文。<mark>&lt;b&gt;命中&lt;/b&gt;。</mark>后文。" in shown


def test_a_window_without_the_passage_is_shown_unmarked() -> None:
    assert "<mark>" not in markup.passage("别的文字", "命中")
    assert "<mark>" not in markup.passage("别的文字", "")


def test_sentences_carry_their_numbers_and_the_unsupported_are_greyed() -> None:
    sentences = (Sentence("甲<i>。", True, (1, 3)), Sentence("乙。", False, ()))
    shown = markup.answer("甲<i>。\n乙。", sentences, unsupported='没有"依据"')
    assert "甲&lt;i&gt;。<sup>[1]</sup><sup>[3]</sup>\n" in shown
    assert 'class="zk-unsupported" title="没有&quot;依据&quot;">乙。</span>' in shown


def test_an_answer_whose_sentences_do_not_fit_is_shown_whole() -> None:
    shown = markup.answer("答案。", (Sentence("别的", True, (1,)),), unsupported="")
    assert shown == '<div class="zk-answer">答案。</div>'


def test_what_is_quoted_beside_an_answer_is_set_apart_with_its_number() -> None:
    sentences = (Sentence("十天。", True, (1,)), Sentence("年假<b>为十天。", True, (1,)))
    shown = markup.answer("十天。\n\n> 年假<b>为十天。", sentences, unsupported="")
    assert shown == (
        '<div class="zk-answer">十天。<sup>[1]</sup>'
        "<blockquote>年假&lt;b&gt;为十天。<sup>[1]</sup></blockquote></div>"
    )
