"""A media host that holds some pictures, and the home that wants them."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import FetchCounts, fetch_accepted
from pd_assets.lib.images.pool import Decoders
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.planting import MAX_SIDE, PROFILE, decision, item, plant
from tests.pd_assets.lib.scraping import no_sleep

Row = dict[str, object]


def sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


class Museum:
    """A media host that holds some files, and the tables that want them. Numbers are those of the items."""

    def __init__(self, home: Home, decoders: Decoders) -> None:
        self.home = home
        self.decoders = decoders
        self.replies: dict[str, Reply] = {}
        self.items: dict[int, Row] = {}
        self.verdicts: dict[int, str] = {}
        self.server = LocalServer(lambda _, target: self.replies.get(target, Reply(status=404)))

    def hold(self, number: int, body: bytes, **changes: object) -> None:
        """An accepted item whose file is served, with the right SHA-1 unless `changes` says otherwise."""
        self.replies[f"/{number}.jpg"] = Reply(body=body, headers={"Content-Type": "image/jpeg"})
        url = f"{self.server.url}/{number}.jpg"
        self.items[number] = {**item(number), "sha1": sha1(body), "file_url": url, "thumb_url": url, **changes}
        self.verdicts[number] = "accept"

    def fetch(
        self,
        *,
        max_side: int = MAX_SIDE,
        originals: bool = False,
        decoders: Decoders | None = None,
        buckets: Collection[int] | None = None,
    ) -> FetchCounts:
        self.plant()
        return self.run(max_side=max_side, originals=originals, decoders=decoders, buckets=buckets)

    def plant(self) -> None:
        plant(self.home, ITEMS, self.items.values())
        plant(self.home, DECISIONS, [decision(number, verdict) for number, verdict in self.verdicts.items()])

    def run(
        self,
        *,
        max_side: int = MAX_SIDE,
        originals: bool = False,
        decoders: Decoders | None = None,
        buckets: Collection[int] | None = None,
    ) -> FetchCounts:
        with PoliteSession("tests", tries=2, sleep=no_sleep) as session:
            return fetch_accepted(
                self.home,
                session,
                profile=PROFILE,
                max_side=max_side,
                originals=originals,
                decoders=decoders or self.decoders,
                buckets=buckets,
            )

    def rows(self) -> dict[int, Row]:
        rows = tables.rows(tables.read_or_empty(self.home, FILES))
        return {int(str(row["item_id"]).removeprefix("commons:M")): row for row in rows}

    def asked(self) -> list[str]:
        """What was asked of the server since the last call."""
        targets = [one.target for one in self.server.asked]
        self.server.asked.clear()
        return targets

    def stored(self) -> list[Path]:
        return sorted(self.home.images.rglob("*.jpg")) if self.home.images.is_dir() else []
