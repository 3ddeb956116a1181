import numpy as np

from kb.answer.alignment import LONGEST_SLOT, Alignment


def test_a_slot_between_the_same_words_fits_wholly() -> None:
    slots = Alignment("造成甲人死亡", "事故造成乙丙人死亡").fits(2, 3)
    assert slots.fits.argmax() == np.ravel_multi_index((4, 2), slots.fits.shape)
    assert slots.fits[4, 2] == 1.0
    assert slots.weaker[4, 2] == 1.0


def test_words_that_moved_count_less_the_further_they_are() -> None:
    alignment = Alignment("甲乙", "甲丙丁乙")
    fits = alignment.fits(1, 1).fits
    assert 0 < fits[1, 0] < 1
    assert fits[1, 2] == 1.0


def test_what_is_at_the_edge_has_no_weaker_side() -> None:
    slots = Alignment("甲乙丙", "甲乙丙").fits(0, 1)
    assert slots.fits[0, 1] == 1.0
    assert slots.weaker.max() == 0.0


def test_a_text_shorter_than_the_reach_is_no_trouble() -> None:
    slots = Alignment("甲乙丙丁", "乙").fits(1, 2)
    assert slots.fits.shape == (2, LONGEST_SLOT + 1)
    assert slots.fits.max() == 0.0
