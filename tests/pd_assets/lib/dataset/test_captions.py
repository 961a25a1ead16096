"""Captions: plain English of random subsets, a function of (seed, item, epoch), capped, under the right licence."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.dataset.caption_rows import caption_row
from pd_assets.lib.dataset.categories import category_words, singular_kind
from pd_assets.lib.dataset.composition import (
    LIMIT_TOKENS,
    captions_of,
    compose,
    facts_of,
    licensed_captions,
    shorten,
    tokens,
)
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label, read_labels
from pd_assets.sandbox.scenes import GROUND, SKY

TEXT = st.text(max_size=300)
FIELDS = (
    "label", "description", "title", "artist", "date", "medium", "object_type", "place", "institution", "depicts",
    "depicted_people", "subject", "category", "style",
)  # fmt: skip


def labels(**fields: str) -> list[Label]:
    return [
        Label(field=field, value=value, licence=CC0 if field == "label" else CC_BY_SA, seen_in=f"test {field}")
        for field, value in fields.items()
    ]


PAINTING = labels(
    label="A bare tree on a hill",
    description="A bare tree in winter. Snow lies on the hill. Two crows sit on a branch.",
    title="The Old Oak",
    medium="Oil on canvas",
    artist="Vester, Anna (1830–1890)",
    date="circa 1860",
    place="Arles",
    institution="Sandbox Museum",
    depicts="oak",
    category="Trees in art",
)


def test_the_plainest_caption_comes_first() -> None:
    assert captions_of(PAINTING, item_id="commons:M1")[0] == "A bare tree on a hill"


def test_a_picture_has_eight_different_captions_where_it_has_labels_enough() -> None:
    captions = captions_of(PAINTING, item_id="commons:M1")
    assert len(set(captions)) == len(captions) == 8


def test_captions_are_a_function_of_seed_item_and_epoch() -> None:
    def made(seed: int, item_id: str, epoch: int) -> str:
        return compose(PAINTING, seed=seed, item_id=item_id, epoch=epoch)

    assert made(1, "a", 3) == made(1, "a", 3)
    assert len({made(1, "a", epoch) for epoch in range(50)}) > 25
    assert [made(1, "a", epoch) for epoch in range(9)] != [made(1, "b", epoch) for epoch in range(9)]
    assert [made(1, "a", epoch) for epoch in range(9)] != [made(2, "a", epoch) for epoch in range(9)]


def test_every_fact_is_told_in_some_epoch_and_in_words_that_follow_one_another() -> None:
    told = " | ".join(compose(PAINTING, seed=0, item_id="x", epoch=epoch) for epoch in range(200))
    for words in (
        "oil on canvas by Anna Vester, circa 1860", "The Old Oak", "made in Arles",
        "in the collection of Sandbox Museum", "showing oak", "Trees in art", "Two crows sit on a branch",
        "by Anna Vester: A bare tree",
    ):  # fmt: skip
        assert words.lower() in told.lower(), words


def test_names_are_put_in_the_order_in_which_they_are_spoken() -> None:
    for written, spoken in {
        "Nicholson, Henry Alleyne": "Henry Alleyne Nicholson",
        "Katsushika Hokusai (1760-1849)": "Katsushika Hokusai",
        "Charles Nicolas Ransonnette, French, 1793 - 1877": "Charles Nicolas Ransonnette",
        "Holland, W. J.": "W. J. Holland",
        "workshop of Rembrandt": "workshop of Rembrandt",
        "Unknown": "",
        "unknown artist": "",
        "anonymous": "",
    }.items():
        assert facts_of(labels(title="Tree", artist=written)).artist == spoken


def test_attributions_are_not_made_into_certainties() -> None:
    told = {compose(labels(title="Tree", artist="after Rembrandt"), seed=0, item_id="x", epoch=n) for n in range(20)}
    assert "Tree, after Rembrandt" in told
    assert not any("by after" in caption for caption in told)


def test_nothing_to_say_gives_no_caption() -> None:
    assert captions_of(labels(artist="Anna Vester", date="1860"), item_id="x") == []
    assert captions_of(labels(title="Untitled", description="n/a"), item_id="x") == []


def test_without_description_and_title_the_kind_of_work_or_a_category_speaks() -> None:
    assert (
        captions_of(labels(object_type="Drawing", artist="Anna Vester"), item_id="x")[0] == "A drawing by Anna Vester"
    )
    assert captions_of(labels(depicts="house cat", medium="etching"), item_id="x")[0] == "An etching of house cat"
    assert captions_of(labels(category="Oaks in winter"), item_id="x")[0] == "Oaks in winter"


def test_most_captions_hold_the_description_where_there_is_one() -> None:
    for number in range(40):
        captions = captions_of(PAINTING[1:], item_id=f"commons:M{number}")
        assert sum("bare tree in winter" in caption for caption in captions) >= 0.8 * len(captions)


def test_captions_of_the_sandbox_still_name_sky_and_ground() -> None:
    description = "A painting of a tree on the left, green ground under a blue sky, in winter"
    page = {
        "wikitext": f"{{{{Artwork|artist=Anna Vester (1830–1890)|title=Tree in winter|"
        f"description={{{{en|1={description}}}}}"
        "|date={{other date|circa|1860}}|medium=oil on canvas|institution=Sandbox Museum|source=x}}",
        "categories": ["PD-Art (PD-old-100-expired)", "Paintings by Anna Vester"],
    }
    for number in range(40):
        captions = captions_of(read_labels(page), item_id=f"commons:M{number}")
        named = [caption for caption in captions if "blue sky" in caption and "green ground" in caption]
        assert len(named) >= 0.8 * len(captions) >= 0.8 * 8
        others = [f"{name} sky" for name in SKY if name != "blue"] + [
            f"{name} ground" for name in GROUND if name != "green"
        ]
        assert not any(other in caption for other in others for caption in captions)
        # The smallest recipe reads 46 tokens.
        assert all(tokens(caption[: caption.index("blue sky") + 8]) <= 46 for caption in named)


def test_long_descriptions_are_cut_between_sentences_and_other_text_between_words() -> None:
    assert shorten("One two three. Four five six. Seven eight nine.", 9) == "One two three. Four five six."
    assert shorten("One two three. Four five six. Seven eight nine.", 8) == "One two three."
    assert shorten("one two three four", 3) == "one two"
    assert shorten("By H. L. Clark. Then more words follow here.", 8) == "By H. L. Clark."


@given(
    st.lists(st.tuples(st.sampled_from(FIELDS), TEXT), max_size=12),
    st.integers(0, 5),
    st.integers(0, 40),
    st.integers(5, LIMIT_TOKENS),
)
def test_no_caption_exceeds_the_limit_or_holds_a_part_of_a_word(
    fields: list[tuple[str, str]], seed: int, epoch: int, limit: int
) -> None:
    given_labels = [Label(field=field, value=value, licence=CC0, seen_in="test") for field, value in fields]
    caption = compose(given_labels, seed=seed, item_id="x", epoch=epoch, limit_tokens=limit)
    assert tokens(caption) <= limit


@given(st.text(max_size=600), st.integers(1, 80))
def test_shortened_text_ends_at_the_end_of_a_word(text: str, limit: int) -> None:
    whole = text.split()
    kept = shorten(text, limit).split()
    assert tokens(" ".join(kept)) <= limit or kept == whole
    if kept and kept != whole:
        assert kept[:-1] == whole[: len(kept) - 1]
        assert whole[len(kept) - 1].rstrip(' ,;:-–(“"') == kept[-1].rstrip(' ,;:-–(“"')


def test_the_policy_decides_which_fields_are_used_and_the_licence_follows() -> None:
    page = {"item_id": "commons:M1", "page_url": "https://wiki.test/wiki/File:A.jpg", "revid": 7}
    free = caption_row(page, tuple(PAINTING), "cc0")
    assert (free["captions"], free["label_licence"], free["attribution"]) == (["A bare tree on a hill"], CC0, None)
    full = caption_row(page, tuple(PAINTING), "all")
    assert full["label_licence"] == CC_BY_SA
    told = json.loads(str(full["attribution"]))
    assert (told["page_url"], told["revid"]) == ("https://wiki.test/wiki/File:A.jpg", 7)
    assert told["history_url"] == "https://wiki.test/wiki/File:A.jpg?action=history"
    assert "test description" in told["fields"] and "test label" not in told["fields"]


def test_a_picture_with_cc0_labels_alone_needs_no_attribution() -> None:
    row = caption_row({"item_id": "commons:M1"}, tuple(labels(label="A tree")), "all")
    assert (row["label_licence"], row["attribution"]) == (CC0, None)


def test_housekeeping_categories_say_nothing() -> None:
    for category in (
        "CC-PD-Mark", "PD-Art (PD-old-100)", "Files by JaneRoe", "Media with locations", "Artworks with Wikidata item",
        "Uploaded with UploadWizard", "Self-published work", "Images from Wiki Loves Monuments 2012", "1850",
        "Template Unknown (author)", "Taken with Canon EOS 6D", "Pages with maps", "License migration redundant",
        "Photographs taken on 2002-04-02", "Media needing category review as of 31 October 2015",
    ):  # fmt: skip
        assert category_words(category) == "", category
    for category, words in {
        "Category:Trees_in_art": "Trees in art",
        "Paintings by Claude Monet in the Louvre": "Paintings by Claude Monet in the Louvre",
        "Paris (city)": "Paris",
    }.items():
        assert category_words(category) == words


def test_dated_categories_tell_what_kind_of_work_it_is() -> None:
    assert singular_kind("1850s paintings") == "painting of the 1850s"
    assert singular_kind("1891 oil paintings in Norway") == "oil painting of 1891"
    assert singular_kind("17th-century drawings") == "drawing of the 17th-century"
    assert singular_kind("Trees in 1850") == ""


def licensed(**fields: tuple[str, str]) -> list[Label]:
    """Label fields, each a value and its licence."""
    return [
        Label(field=name, language="en", value=value, licence=licence, seen_in=name, preferred=True)
        for name, (value, licence) in fields.items()
    ]


def test_a_caption_has_the_strictest_licence_of_the_labels_in_it_and_of_no_others() -> None:
    told = licensed(
        label=("A bare tree on a hill", CC0), title=("Der kahle Baum", CC_BY_SA), place=("Vienna", CC0),
        artist=("Anna Vester (1853-1890)", CC_BY_SA), medium=("oil on canvas", CC0), depicts=("oak", CC0),
    )  # fmt: skip
    borrowed = ("Der kahle Baum", "Anna Vester")
    captions = [one for number in range(20) for one in licensed_captions(told, item_id=f"commons:M{number}")]
    assert {one.licence for one in captions} == {CC0, CC_BY_SA}
    for one in captions:
        assert (one.licence == CC_BY_SA) == any(words in one.text for words in borrowed), one


def test_words_that_two_fields_say_are_those_of_the_field_that_is_taken() -> None:
    told = licensed(label=("A bare tree", CC0), description=("A bare tree", CC_BY_SA))
    assert [one.licence for one in licensed_captions(told, item_id="x")] == [CC0]


@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.text(min_size=1, max_size=30), st.booleans())))
def test_where_every_label_is_cc0_so_is_every_caption_and_never_is_one_of_borrowed_words_alone(
    fields: list[tuple[str, str, bool]],
) -> None:
    def made(licence: str) -> set[str]:
        told = [
            Label(field=name, language="en", value=value, licence=licence, seen_in=name, preferred=is_preferred)
            for name, value, is_preferred in fields
        ]
        return {one.licence for one in licensed_captions(told, item_id="x")}

    assert made(CC0) <= {CC0} and made(CC_BY_SA) <= {CC_BY_SA}
