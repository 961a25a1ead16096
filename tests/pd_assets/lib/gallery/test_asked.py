"""What a hostile address asks for is answered by name."""

import pytest

from pd_assets.lib.gallery.asked import BadQuery, Query, read_query


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("q", "word " * 10_000, "found 10,000 words, expected at most 16"),
        ("q", "x" * 100_000, "found 100,000 characters, expected at most 200"),
        ("q", "***", "found no word"),
        ("looks", "--", "found no word"),
        ("q", "a\x00b", "cannot be seen"),
        ("artist", "a\x1b[2J", "cannot be seen"),
        ("like", "x" * 5_000, "found 5,000 characters"),
        ("artist-find", "x" * 500, "found 500 characters"),
        ("page", "-1", "expected a number from 1 on"),
        ("page", "0", "expected a number from 1 on"),
        ("page", "1e9", "expected a number from 1 on"),
        ("page", "9" * 5_000, "expected a number from 1 on"),
        ("page", "²", "expected a number from 1 on"),
        ("sort", "; drop table", "expected one of pictures, newest, title, size"),
        ("verdict", "free", "expected one of accept"),
        ("century", "99", "expected one of 01"),
    ],
)
def test_what_cannot_be_asked_for_says_what_was_found_and_what_is_expected(name: str, value: str, told: str) -> None:
    with pytest.raises(BadQuery, match=told):
        read_query([(name, value)])


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(BadQuery, match=r"verdict: .*sort: .*page: "):
        read_query([("verdict", "x"), ("sort", "x"), ("page", "x")])


def test_too_many_values_of_a_facet_are_refused() -> None:
    with pytest.raises(BadQuery, match="found 30 values"):
        read_query([("artist", f"A{number}") for number in range(30)])


def test_signs_of_a_query_language_are_no_more_than_signs() -> None:
    assert read_query([("q", '"a*" OR NEAR(b) -c title:d')]).words == ["a", "or", "near", "b", "c", "title", "d"]


def test_names_that_are_not_ours_and_empty_fields_say_nothing() -> None:
    assert read_query([("utm", "x"), ("q", " "), ("page", ""), ("artist", "")]) == Query()
