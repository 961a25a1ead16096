"""What somebody asks the gallery for, read from the query of an address. Errors: BadQuery, with every mistake."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery.facets import DEFAULT_SORT, FACETS, SORTS, UNKNOWN
from pd_assets.lib.gallery.words import words

MOST_WORDS = 16
MOST_SIGNS = 200
MOST_VALUES = 20
LAST_PAGE = 1_000_000
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# `<facet>-find`: what was typed to see other values of a facet.
FIND = "-find"


class BadQuery(PdError):
    """An address that asks for what there cannot be."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """`text` are words in titles and labels, `chosen` the values of each facet (any of them is enough), `find` what was
    typed to see other values; `like` an item that the others shall look like, `looks` words that they shall look like.
    """

    text: str = ""
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    find: tuple[tuple[str, str], ...] = ()
    like: str = ""
    looks: str = ""
    sort: str = DEFAULT_SORT
    page: int = 1

    @property
    def words(self) -> list[str]:
        return words(self.text)

    def values(self, facet: str) -> tuple[str, ...]:
        """What is chosen of a facet."""
        return dict(self.chosen).get(facet, ())

    def typed(self, facet: str) -> str:
        """What was typed for a facet."""
        return dict(self.find).get(facet, "")

    def toggled(self, facet: str, value: str) -> "Query":
        """With a value more, or without it where it was chosen."""
        others = dict(self.chosen)
        of_it = others.pop(facet, ())
        of_it = tuple(one for one in of_it if one != value) if value in of_it else (*of_it, value)
        chosen = {**others, facet: of_it} if of_it else others
        return replace(self, chosen=tuple(sorted(chosen.items())), page=1)

    def fields(self, *, without: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
        """As name and value, as an address or the hidden fields of a form have them."""
        plain = [("q", self.text), ("like", self.like), ("looks", self.looks)]
        plain += [(facet, value or UNKNOWN) for facet, values in self.chosen for value in values]
        plain += [(f"{facet}{FIND}", text) for facet, text in self.find]
        plain += [
            ("sort", self.sort if self.sort != DEFAULT_SORT else ""),
            ("page", str(self.page) if self.page > 1 else ""),
        ]
        left_out = set(without)
        return ((name, value) for name, value in plain if value and name not in left_out)

    @property
    def url(self) -> str:
        """Its address, to be passed on."""
        told = urlencode(list(self.fields()))
        return f"/pictures?{told}" if told else "/pictures"

    def on_page(self, page: int) -> "Query":
        return replace(self, page=page)


def read_query(pairs: Iterable[tuple[str, str]]) -> Query:
    """The query of an address; names that are not ours say nothing."""
    plain: dict[str, str] = {}
    chosen: dict[str, dict[str, None]] = {}
    wrong: list[str] = []
    for name, value in pairs:
        value = value.strip()
        if not value:
            continue
        if name in FACETS:
            chosen.setdefault(name, {})["" if value == UNKNOWN else value] = None
        elif name in ("q", "like", "looks", "sort", "page") or name.removesuffix(FIND) in FACETS:
            plain[name] = value
    for name, value in [*plain.items(), *((name, value) for name, of in chosen.items() for value in of)]:
        wrong += _problems(name, value)
    wrong += [
        f"{name}: found {len(of)} values, expected at most {MOST_VALUES}"
        for name, of in chosen.items()
        if len(of) > MOST_VALUES
    ]
    sort, page = plain.get("sort", DEFAULT_SORT), plain.get("page", "1")
    if sort not in SORTS:
        wrong.append(f"sort: found “{sort[:40]}”, expected one of {', '.join(SORTS)}")
    if not (page.isascii() and page.isdecimal() and 1 <= int(page[:9]) <= LAST_PAGE and len(page) <= 9):
        wrong.append(f"page: found “{page[:40]}”, expected a number from 1 on")
    if wrong:
        raise BadQuery("; ".join(wrong[:5]))
    return Query(
        text=plain.get("q", ""),
        chosen=tuple(sorted((name, tuple(of)) for name, of in chosen.items())),
        find=tuple(sorted((name.removesuffix(FIND), value) for name, value in plain.items() if name.endswith(FIND))),
        like=plain.get("like", ""),
        looks=plain.get("looks", ""),
        sort=sort,
        page=int(page),
    )


def _problems(name: str, value: str) -> Iterator[str]:
    """What is wrong with one value."""
    is_words = name in ("q", "looks")
    if is_words and (found := len(words(value))) > MOST_WORDS:
        yield f"{name}: found {found:,} words, expected at most {MOST_WORDS}; the rarest are enough"
    elif len(value) > (longest := MOST_SIGNS if is_words or name.endswith(FIND) else 2_000):
        yield f"{name}: found {len(value):,} characters, expected at most {longest:,}"
    elif _CONTROL.search(value):
        yield f"{name}: found a character that cannot be seen, expected plain text"
    elif is_words and not found:
        yield f"{name}: found no word in “{value[:40]}”, expected letters or digits"
    elif name in FACETS and FACETS[name].values and value not in FACETS[name].values:
        yield f"{name}: found “{value[:40]}”, expected one of {', '.join(FACETS[name].values)}, or {UNKNOWN}"
