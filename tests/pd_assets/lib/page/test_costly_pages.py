"""Wikitext that is small to write and might be costly to read: twice the text takes at most three times the work."""

import gc
import json
import time
from collections.abc import Callable, Mapping

import pytest

from pd_assets.lib.dataset.labels import read_labels
from pd_assets.lib.page.cleaning import clean
from pd_assets.lib.page.effort import LONGEST_TEXT, effort
from pd_assets.lib.page.html_text import read_html
from pd_assets.lib.page.wikitext import LANGUAGES, tree
from pd_assets.lib.rights.evidence import evidence_of
from tests.cost import cost_s

# Signs that are repeated, and those that are nested in themselves.
REPEATED = (
    "*",
    "#",
    ":",
    ";",
    "\n*",
    "\n* x",
    ";a:b ",
    "{{",
    "}}",
    "{{a|",
    "{{nobr|",
    "{{a|b=",
    "[[",
    "]]",
    "[[File:a|",
    "{{{",
    "{{{a|",
    "'''",
    "''a",
    "<ref>",
    '<ref name="',
    "<!--",
    "<!---->",
    "&amp;",
    "&",
    "{|\n",
    "{|\n|\n",
    "\xa0{|\n|",
    "|",
    "||",
    "==",
    "\n==a==\n",
    "-{",
    "http://a ",
    "[http://a ",
    "[//",
    "<div>",
    "<div a=",
    "<a ",
    "<br>",
    "<li>",
    "<",
    "<p>",
    "<nowiki>",
    "__TOC__",
    "----\n",
    " ",
    "\n",
    "\xa0",
    "1",
    "1650-",
    "1650 ",
    "1985 ",
    "1/",
    "1.",
    "17th century ",
    "1600s ",
    "12 BC ",
    "c. ",
    "XIX ",
    "(1800-1850) ",
    "(1800 ",
    "(",
    ")",
    "()",
    "[",
    "died 1650 ",
    "died ",
    "born in ",
    "a@",
    "a.",
    "a.a@b.c ",
    "+1 ",
    "-",
    "_",
    '"',
    ", ",
    ". ",
    "A. ",
    "tel 12345 ",
    "User: a ",
    "uploaded by ",
    "ticket ",
    "scan 19",
    "inv. no. ",
    "1\xb0",
    "1.234 ",
    "x at y dot ",
    "by Abc ",
    "copyright A",
    "permission of ",
    "if ",
    "a ",
    "a",
    "a\u0301",
    "\u4e94",
    "1 AH",
    "MCM",
    "a QS:",
    "&amp;amp;",
    "{{en|1=x}}",
    "{{Information field|name=a|value=1985}}",
    "{{PD-old-100}}",
    "[[User:a|b]]",
    "{{Artwork|date=1650|artist=a|title=b}}\n",
    "{{title|x|lang=de|en=y}}",
    "[[a|b]]",
    "<b>a</b>",
    "lorem ipsum dolor ",
)
NESTED = (
    ("{{nobr|", "}}"),
    ("{{en|1=", "}}"),
    ("{{mld|de=", "}}"),
    ("{{Artwork|date=", "}}"),
    ("[[a|", "]]"),
    ("{{{a|", "}}}"),
    ("<b>", "</b>"),
    ("<ul><li>", "</li></ul>"),
    ("{|\n|", "\n|}\n"),
    ("(", ")"),
    ("[http://a ", "]"),
    ("{{a|<b>", "}}</b>"),
    ("{{a|[[", "}}]]"),
)
SMALL = 1_200
# Below this the clock of a busy machine says nothing.
FLOOR_S = 0.3


def repeated(signs: str) -> Callable[[int], str]:
    return lambda size: (signs * (size // len(signs) + 1))[:size]


def nested(begin: str, end: str) -> Callable[[int], str]:
    return lambda size: begin * (size // len(begin + end)) + end * (size // len(begin + end))


def mixed(size: int) -> str:
    return repeated("".join(REPEATED))(size)


def in_languages(size: int) -> str:
    return repeated("".join(f"{{{{{language}|1=x}}}}" for language in sorted(LANGUAGES)))(size)


BOMBS: Mapping[str, Callable[[int], str]] = {
    **{repr(signs): repeated(signs) for signs in REPEATED},
    **{f"nested {begin!r}": nested(begin, end) for begin, end in NESTED},
    "mixed": mixed,
    "in languages": in_languages,
}


def page(bomb: Callable[[int], str], size: int) -> dict[str, object]:
    """A page that has the bomb in its fields and outside of them, `size` signs in all."""
    told = bomb(size // 6)
    fields = "".join(f"|{name}={told}\n" for name in ("title", "artist", "date", "description", "permission"))
    return {"status": "live", "title": "File:A.jpg", "wikitext": f"{{{{Artwork\n{fields}}}}}\n{told}"}


def read(page: Mapping[str, object]) -> None:
    """Evidence and labels together."""
    evidence_of(page).to_json()
    read_labels(page)


def reading_s(page: Mapping[str, object]) -> float:
    """CPU-seconds of `read`, without those of the collector of garbage of other tests."""
    gc.disable()
    try:
        start = time.process_time()
        read(page)
        return time.process_time() - start
    finally:
        gc.enable()


@pytest.mark.parametrize("name", BOMBS)
def test_twice_the_text_takes_at_most_three_times_the_work(name: str) -> None:
    large = reading_s(page(BOMBS[name], 2 * SMALL))
    assert large <= FLOOR_S or large <= 3 * reading_s(page(BOMBS[name], SMALL))


def test_a_page_of_two_megabytes_is_given_up_at_once_and_waits() -> None:
    row = page(repeated("lorem ipsum "), 2_000_000)
    assert cost_s(lambda: read(row)) < 2
    assert [tag.name for tag in evidence_of(row).tags] == ["markup that cannot be read"]
    assert read_labels(row) == ()


def test_many_languages_of_a_long_text_and_many_users_are_given_up() -> None:
    marked = "".join(f"{{{{{language}|1=x}}}}" for language in sorted(LANGUAGES))
    assert tree("{{Information|description=" + marked + "}}") is not None
    assert tree("{{Information|description=" + marked + "word " * 5_000 + "}}") is None
    users = "".join(f"[[User:Jane{number}|Jane]] " for number in range(500))
    assert read_labels({"wikitext": "{{Information|description=A tree|author=" + users + "}}"}) == ()


def test_a_text_that_each_pass_leaves_as_something_new_to_cut_out_is_no_label() -> None:
    assert clean("A tree &" + "amp;" * 1_000 + "lt; ") == ""
    assert clean("A tree &amp;amp; a house") == "A tree & a house"


def test_an_ordinary_long_page_is_read() -> None:
    text = "{{Information|description=" + "A tree [[in]] the ''wood'', 1850. " * 2_000 + "}}"
    assert len(text) < LONGEST_TEXT and tree(text) is not None


def test_what_stays_open_costs_the_rest_of_the_page_once_more() -> None:
    rest = "x" * 10_000
    assert effort("{{a}}" + rest) < 10_500
    assert 20_000 < effort("{{a" + rest) < 20_500
    assert 30_000 < effort("{{a|<b>[[c}}" + rest) < 30_700


def test_a_rendered_summary_that_costs_too_much_is_not_read_and_speaks_against_the_picture() -> None:
    summary = "<i>" * 2_000
    assert read_html(summary).text == ""
    row = {"status": "live", "wikitext": "", "extmetadata": json.dumps({"Artist": {"value": summary}})}
    assert evidence_of(row).short_name == "unreadable"
