"""Captions composed of label fields: plain, short, without vague words, and under the right licence."""

from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.dataset.captions import LONGEST_CAPTION, compose, shorten
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label


def labels(**fields: str) -> list[Label]:
    return [
        Label(field=field, value=value, licence=CC0 if field == "label" else CC_BY_SA, seen_in="test")
        for field, value in fields.items()
    ]


def test_the_plainest_caption_comes_first_and_the_last_one_tells_how_it_was_made() -> None:
    made = labels(label="A bare tree", title="Tree", medium="Oil on canvas", artist="Anna Vester", date="circa 1860")
    assert compose(made) == ["A bare tree", "Tree", "A bare tree, oil on canvas by Anna Vester, circa 1860"]


def test_vague_makers_are_left_out() -> None:
    assert compose(labels(title="Tree", artist="Unknown artist", date="1860")) == ["Tree", "Tree, 1860"]


def test_nothing_to_say_gives_no_caption() -> None:
    assert compose(labels(artist="Anna Vester", date="1860")) == []


def test_equal_captions_are_given_once() -> None:
    assert compose(labels(label="Tree", description="Tree")) == ["Tree"]


@given(st.text(max_size=600))
def test_a_caption_is_never_longer_than_the_limit_and_is_cut_between_words(text: str) -> None:
    short = shorten(text)
    assert len(short) <= LONGEST_CAPTION
    assert text.startswith(short)
