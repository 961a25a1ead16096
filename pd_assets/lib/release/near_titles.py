"""What somebody may have meant: titles and item ids near one that nobody has, from as many items as a second allows."""

import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release.called import LATEST, MODELS, names, parse
from pd_assets.lib.release.names import title_of

MOST, NEAR_ENOUGH, WITHIN_S = 5, 0.85, 3.0
NEAR = """
select
    item_id, title, greatest(jaro_winkler_similarity(title, $title), jaro_winkler_similarity(item_id, $called)) as near
from items where near >= $enough order by near desc, item_id limit $most
"""


def near_titles(home: Home, called: str, *, within_s: float = WITHIN_S) -> list[str]:
    """The items with the nearest titles or ids, the nearest first; none where that cannot be told in time."""
    return [f"{item_id} ({title})" for item_id, title in near_items(home, called, within_s=within_s)]


def near_items(home: Home, called: str, *, within_s: float = WITHIN_S) -> list[tuple[str, str]]:
    """The same as ids with titles."""
    asked = {"title": title_of(called), "called": called.strip(), "enough": NEAR_ENOUGH, "most": MOST}
    try:
        with tables.engine(home) as connection:
            tables.relation(connection, home, ITEMS).create_view("items")
            with _interrupted(connection.interrupt, within_s):
                rows = connection.execute(NEAR, asked).fetchall()
    except (PdError, duckdb.Error):
        return []
    return [(str(item_id), str(title)) for item_id, title, _ in rows]


def nothing_called(home: Home, called: str, *, no_file: str = "") -> str:
    """What a person is told who asks for what nobody has; `no_file`: why it is no picture file either."""
    return (
        f"nothing in {home.root} is called {called!r}; expected an item id such as commons:M123, a title, the address "
        f"of a page or of a file, the SHA-1 or SHA-256 of a picture, or a picture file"
        f"{f'; {no_file}' if no_file else ''}{_of_a_model(home, called) or near(home, called)}"
    )


def _of_a_model(home: Home, called: str) -> str:
    """What whoever names a model wants, as the end of a sentence; nothing where it is none."""
    said, there = parse(called), [*names(home, MODELS), LATEST]
    is_model = said.kind in (None, MODELS) and said.name in there
    return f"; the pictures of a model: pdd trace --model {shlex.quote(called)}" if is_model else ""


def near(home: Home, called: str) -> str:
    """What may have been meant, as the end of a sentence; nothing where nothing is near."""
    found = near_titles(home, called)
    return f"; near it: {', '.join(found)}" if found else ""


@contextmanager
def _interrupted(interrupt: Callable[[], None], after_s: float) -> Iterator[None]:
    """Calls something if the block takes too long."""
    timer = threading.Timer(after_s, interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
