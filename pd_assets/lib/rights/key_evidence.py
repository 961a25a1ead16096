"""What one rule looked at on one page, in words, with the words of the page on which a test fired.

Evidence says that a work looks flat; only its page says that "oil on canvas" made it look so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from pd_assets.lib.page.file_page import FilePage, read_page
from pd_assets.lib.page.personal import OWN_WORK
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import POSTHUMOUS
from pd_assets.lib.rights.plain_words import (
    SEEN_IN,
    Names,
    field_name,
    quoted,
    statement_in_words,
    tag_in_words,
    value_in_words,
    with_names,
)
from pd_assets.lib.rights.rules import Trial
from pd_assets.lib.rights.surrogate import FLAT, FRAMED, SOLID, SOLID_IN_PROSE
from pd_assets.lib.rights.tags import FLAT_WRAPPERS, Kind

Row = Mapping[str, object]
# Which fields of a page a yes of the evidence was read from, and the words that were looked for.
_SAID = ("medium", "object_type", "title", "description")
_TESTS: Mapping[str, tuple[tuple[str, ...], bool, tuple[re.Pattern[str], ...]]] = {
    "looks_flat": (_SAID, True, (FLAT,)),
    "is_solid": (_SAID, True, (FRAMED, SOLID, SOLID_IN_PROSE)),
    "is_own_work": (("source",), False, (OWN_WORK,)),
    "is_posthumous": (("date", "description"), False, (POSTHUMOUS,)),
}
MOST_WORDS = 5
# A tag of each kind, where none is there.
NOUNS: Mapping[str, str] = {
    Kind.GROUND: "a tag with a ground",
    Kind.DEDICATION: "a tag that gives all rights up",
    Kind.OBLIGATION: "a licence with conditions",
    Kind.DOUBT: "a notice of doubt",
    Kind.PENDING: "a request for deletion",
    Kind.PERSON: "a warning about a person",
    Kind.NO_GROUND: "a tag whose reason does not help",
    Kind.UNKNOWN: "an unknown tag",
}


def key_evidence(trial: Trial, evidence: Evidence, names: Names, words: Mapping[str, str]) -> Iterator[str]:
    """What the test of a rule read, a line each; what it read and did not find is said last, in one line.

    `words` as `words_fired` gives them.
    """
    missing: list[str] = []
    for name, _ in trial.looked_at:
        found = list(_lines(name, evidence, names, words))
        yield from found
        missing += [] if found else [_kind_of(name, names)]
    if missing:
        yield f"not found: {', '.join(dict.fromkeys(missing))}"


def all_evidence(evidence: Evidence, names: Names, words: Mapping[str, str]) -> Iterator[str]:
    """Everything that the evidence says, a line each."""
    for name in vars(evidence):
        if name not in ("revid", "sha1"):
            yield from _lines(name, evidence, names, words)


def words_fired(page: Row) -> dict[str, str]:
    """The words of a page that made a field of its evidence a yes, with where they stand; none of a museum's record."""
    if not page.get("wikitext"):
        return {}
    text = read_page(str(page["wikitext"]))
    listed = page.get("categories")
    categories = [str(name) for name in listed] if isinstance(listed, list | tuple) else []
    found = {name: _fired(text, categories if asks else (), fields, tests)
             for name, (fields, asks, tests) in _TESTS.items()}  # fmt: skip
    found["is_flat"] = quoted(use.name for use in text.templates if use.name in FLAT_WRAPPERS)
    found["a permission in words"] = quoted(said for said in text.all_of("permission") if said.strip())
    return {name: told for name, told in found.items() if told}


def _fired(text: FilePage, categories: Sequence[str], fields: Sequence[str], tests: Sequence[re.Pattern[str]]) -> str:
    places = [(name.replace("_", " "), said) for name in fields for said in text.all_of(name)]
    places += [("category", name.replace("_", " ")) for name in categories]
    hits = [
        f"“{found.group(0).strip()}” in {place}"
        for test in tests
        for place, said in places
        if (found := test.search(said))
    ]
    return ", ".join(list(dict.fromkeys(hits))[:MOST_WORDS])


def _lines(name: str, evidence: Evidence, names: Names, words: Mapping[str, str]) -> Iterator[str]:
    """One thing that a rule read: a field, the tags of a kind (`ground tags`), the statements of a property."""
    kind, _, what = name.partition(" ")
    if name == "tags" or what == "tags":
        for tag in evidence.tags:
            if name == "tags" or tag.kind == kind:
                said = f": {words[tag.name]}" if tag.name in words else ""
                yield tag_in_words(tag) + said
    elif name == "statements" or (kind == "statements" and what):
        for said_so in evidence.statements:
            if name == "statements" or said_so.property == what:
                yield statement_in_words(said_so, names)
    elif hasattr(evidence, name):
        value = getattr(evidence, name)
        listed = value if name in ("makers", "named_years") else (value,)
        for one in listed:
            if told := value_in_words(one, names):
                place = SEEN_IN.get(evidence.source, {}).get(name)
                seen = words.get(name) or (f"seen in {place}" if place else "")
                yield f"{field_name(name)}: {told}{f' ({seen})' if seen else ''}"


def _kind_of(name: str, names: Names) -> str:
    kind, _, what = name.partition(" ")
    if what == "tags":
        return NOUNS.get(kind, f"a tag that is {kind}")
    return f"a statement {with_names(what, names)}" if kind == "statements" and what else field_name(name)
