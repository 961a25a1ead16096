"""Titles that somebody else wrote: in normal form, or refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.prior.titles import NoTitle, file_title


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("File:The Night Watch.jpg", "File:The Night Watch.jpg"),
        ("file:the_Night__Watch.jpg ", "File:The Night Watch.jpg"),
        ("Image: Old name.png", "File:Old name.png"),
        ("File:\u200eMarked.jpg", "File:Marked.jpg"),
        ("File:Cafe\u0301.jpg", "File:Café.jpg"),
        ("File:Who? \"What\" 'n' all!*.jpg", "File:Who? \"What\" 'n' all!*.jpg"),
    ],
)
def test_a_title_is_taken_over_as_the_archive_writes_it(written: str, title: str) -> None:
    assert file_title(written) == title


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("File:a.jpg|File:b.jpg", "signs that no title can have"),
        ("File:../../etc/passwd.jpg", "signs that no title can have"),
        ("File:a\x00.jpg", "signs that no title can have"),
        ("\x1fFile:a.jpg", "no title of a file"),
        ("File:\ud800.jpg", "signs that no title can have"),
        ("File:%41.jpg", "signs that no title can have"),
        ("File:a#b.jpg", "signs that no title can have"),
        ("Category:Trees", "a page of Category, no file"),
        ("tree.jpg", "no title of a file"),
        ("File:" + "x" * 300 + ".jpg", "longer than 255 bytes"),
        ("File:", "empty"),
        ("File:tree", "no ending"),
        (7, "no text"),
        (None, "no text"),
    ],
)
def test_what_is_no_title_is_refused_and_says_why(written: object, why: str) -> None:
    with pytest.raises(NoTitle, match=why):
        file_title(written)


@given(st.text())
def test_a_title_in_normal_form_stays_as_it_is_and_asks_for_one_page(text: str) -> None:
    try:
        title = file_title(f"File:{text}")
    except NoTitle:
        return
    assert file_title(title) == title
    assert not any(sign in title for sign in "|#\x1f\n\0")
    title.encode()
