"""A session whose requests a sandbox archive answers in this process: the real client and archive, without a socket."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.http import Answer
from pd_assets.lib.pacing import HostPolicy
from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.query import answer
from tests.pd_assets.lib.scraping import THUMB_SIDE

BASE_URL = "http://archive.test"


@dataclass(kw_only=True)
class InProcess:
    """Stands where a PoliteSession does. An answer lists at most `listed_at_once` pages, so that a listing goes on."""

    archive: Archive
    listed_at_once: int = 4
    asked: list[dict[str, str]] = field(default_factory=list)

    def get(
        self,
        url: str,
        *,
        policy: HostPolicy,
        params: Mapping[str, str | int],
        headers: Mapping[str, str],
        check: Callable[[Answer], float | None],
        tries: int | None,
    ) -> Answer:
        said = {name: str(value) for name, value in params.items()}
        self.asked.append(said)
        if "gcmlimit" in said:
            said = {**said, "gcmlimit": str(self.listed_at_once)}
        body = json.dumps(answer(said, self.archive, BASE_URL)).encode()
        told = Answer(url=url, body=body, headers={"content-type": "application/json"})
        assert check(told) is None, "this archive never asks to wait"
        return told

    def client(self) -> CommonsClient:
        """The real client, asking here."""
        return CommonsClient(f"{BASE_URL}/w/api.php", self, thumb_side=THUMB_SIDE)  # type: ignore[arg-type]

    def details_asked(self) -> list[int]:
        """The page ids whose details were asked for since this was last looked at; continuations count once."""
        asked = {int(one) for said in self.asked for one in said.get("pageids", "").split("|") if one}
        self.asked.clear()
        return sorted(asked)
