"""Titles: normal forms, invalid ones, and the addresses they become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.sandbox.titles import InvalidTitle, db_key, file_path, namespace, normalised, page_path


@pytest.mark.parametrize(
    ("given_title", "normal"),
    [
        ("file:foo_bar.jpg", "File:Foo bar.jpg"),
        ("Image: foo.jpg", "File:Foo.jpg"),
        ("  category:paintings__by  X ", "Category:Paintings by X"),
        ("Foo: bar", "Foo: bar"),
        ("File:100% oil.jpg", "File:100% oil.jpg"),
    ],
)
def test_titles_are_brought_into_normal_form(given_title: str, normal: str) -> None:
    assert normalised(given_title) == normal


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("File:{with invalid chars}.jpg", 'contains invalid characters: "{"'),
        ("File:.", "relative path"),
        ("File:", "empty"),
        ("File:a%20b.jpg", 'invalid characters: "%20"'),
        ("File:a &amp; b.jpg", "invalid characters"),
        ("File:" + "ж" * 128 + ".jpg", "too long"),
    ],
)
def test_invalid_titles_say_why(title: str, reason: str) -> None:
    with pytest.raises(InvalidTitle, match=reason):
        normalised(title)


@given(st.text(min_size=1, max_size=60))
def test_normal_form_is_stable(text: str) -> None:
    try:
        once = normalised(f"File:{text}")
    except InvalidTitle:
        return
    assert normalised(once) == once
    assert namespace(once) == 6
    assert normalised(f"File:{db_key(once)}") == once


def test_addresses_use_the_md5_folders_and_percent_encoding_of_commons() -> None:
    title = "File:Edvard Munch - Night in Nice (1891).jpg"
    assert file_path(title) == "4/45/Edvard_Munch_-_Night_in_Nice_%281891%29.jpg"
    assert page_path(title) == "File:Edvard_Munch_-_Night_in_Nice_(1891).jpg"
