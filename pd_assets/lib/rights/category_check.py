"""The pages of one category that contradict themselves, for volunteers of the archive; no network.

Those of a harvested category, or those that carry it, whatever they were harvested by.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.page.statements import UNREADABLE
from pd_assets.lib.rights.contradictions import Contradiction, contradictions
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.knowledge import Questions
from pd_assets.lib.rights.known import load_knowledge

NEEDED = ("pageid", "title", "status", "problem", "revid", "sha1", "page_url", "uploaded_at", "wikitext", "mediainfo",
          "extmetadata", "categories", "templates")  # fmt: skip
COLUMNS = ("title", "edit_url", "kind", "this", "that", "says")
# Imported labels are no category of the archive.
OURS = "#"
MOST_NEAR = 5


@dataclass(frozen=True, kw_only=True)
class Contradicting:
    """One page, what contradicts what on it, and where it is edited; `edit_url` is empty where no address is known."""

    title: str
    edit_url: str
    found: tuple[Contradiction, ...]

    def cells(self) -> Iterator[tuple[str, ...]]:
        """The values of COLUMNS, a line for each contradiction."""
        for one in self.found:
            yield self.title, self.edit_url, one.kind, one.this, one.that, one.says


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A category after its check. `is_cut`: it has more pages than were to be read."""

    category: str
    pages: int
    unread: int
    contradicting: tuple[Contradicting, ...]
    is_cut: bool = False


def harvested(home: Home) -> list[str]:
    """The categories whose pages this home holds."""
    return [name for name in home.partitions(PAGES.key) if not name.startswith(OURS)]


def check_category(home: Home, title: str, today: date, *, most: int | None = None) -> Checked:
    """The pages of a category that contradict themselves; of at most so many pages. ConfigError where it was not
    harvested."""
    category = _named(home, title)
    ask = Questions(known=load_knowledge(home))
    pages = unread = 0
    found: list[Contradicting] = []
    rows = _live(home, category)
    for row in islice(rows, most):
        evidence = evidence_of({**row, "source": "commons"}, ask)
        pages += 1
        unread += evidence.problem is not None and evidence.problem.startswith(UNREADABLE)
        if several := contradictions(row, evidence, today):
            found.append(
                Contradicting(title=str(row["title"] or ""), edit_url=_edit(row["page_url"]), found=tuple(several))
            )
    is_cut = most is not None and next(rows, None) is not None
    return Checked(category=category, pages=pages, unread=unread, contradicting=tuple(found), is_cut=is_cut)


def _live(home: Home, category: str) -> Iterator[dict[str, object]]:
    """Part by part: a category may have a million pages."""
    if category not in harvested(home):
        yield from _carrying(home, category)
        return
    for path in tables.partition_parts(home, PAGES, category):
        for row in tables.rows(tables.read_part(PAGES, path, NEEDED)):
            if row["status"] == "live":
                yield row


def _carrying(home: Home, category: str) -> Iterator[dict[str, object]]:
    """The pages that carry a category, whatever they were harvested by, each once."""
    seen: set[object] = set()
    for path in (path for name in harvested(home) for path in tables.partition_parts(home, PAGES, name)):
        carried = tables.read_part(PAGES, path, ["categories"])["categories"].combine_chunks().flatten()
        if not pc.any(pc.equal(carried, category)).as_py():
            continue
        for row in tables.rows(tables.read_part(PAGES, path, NEEDED)):
            named = row["categories"]
            if row["status"] == "live" and row["pageid"] not in seen and isinstance(named, list) and category in named:
                seen.add(row["pageid"])
                yield row


def _named(home: Home, title: str) -> str:
    """The category as the home has it."""
    wanted = " ".join(title.replace("_", " ").split())
    head, colon, rest = wanted.partition(":")
    wanted = rest.strip() if colon and head.lower() == "category" else wanted
    known = harvested(home)
    by_fold = {name.casefold(): name for name in known}
    if (found := by_fold.get(wanted.casefold())) is not None:
        return wanted if wanted in known else found
    # The archive writes the first letter of a title large.
    wanted = wanted[:1].upper() + wanted[1:]
    if next(_carrying(home, wanted), None) is not None:
        return wanted
    near = [by_fold[one] for one in difflib.get_close_matches(wanted.casefold(), by_fold, n=MOST_NEAR)]
    near += [name for name in known if len(wanted) > 2 and wanted.casefold() in name.casefold() and name not in near]
    raise ConfigError(
        f"category {wanted[:100]!r} was not harvested into {home.root}, nor does a page carry it; expected one that"
        " was; "
        + (
            f"did you mean {', '.join(map(repr, near[:MOST_NEAR]))}?"
            if near
            else f"{len(known)} categories are there"
            + (f", such as {known[0]!r}" if known else ": set PD_COMMONS_ROOTS and run `pdd run nightly`")
        )
    )


def _edit(address: object) -> str:
    text = str(address or "")
    if not text.startswith(("https://", "http://")):
        return ""
    return f"{text}{'&' if '?' in text else '?'}action=edit"
