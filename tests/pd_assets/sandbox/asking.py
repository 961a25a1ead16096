"""Asks a sandbox's API the way a client does."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

from pd_assets.sandbox import SandboxServer
from tests.patience import PATIENCE_S

USER_AGENT = "SandboxTests/1.0 (tests@sandbox.invalid)"
ROOTS = ("PD-Art (PD-old-100-expired)", "PD-Art (PD-old-100)")
DETAILS = {
    "prop": "imageinfo|categories|revisions|templates|info",
    "iiprop": "timestamp|user|url|size|sha1|mime|mediatype|extmetadata",
    "clprop": "hidden|timestamp|sortkey",
    "cllimit": "max",
    "rvprop": "ids|timestamp|sha1|content",
    "rvslots": "main|mediainfo",
    "tlnamespace": "10",
    "tllimit": "max",
}


@dataclass(frozen=True)
class Asker:
    """A session with one server."""

    server: SandboxServer
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers["User-Agent"] = USER_AGENT

    def raw(self, **params: object) -> requests.Response:
        full = {"action": "query", "format": "json", "formatversion": "2", **params}
        return self.session.get(self.server.api_url, params={k: str(v) for k, v in full.items()}, timeout=PATIENCE_S)

    def query(self, **params: object) -> dict:
        answer = self.raw(**params)
        assert answer.status_code == 200
        return answer.json()

    def all(self, **params: object) -> Iterator[dict]:
        """Every answer of a query, continuations followed."""
        following: dict[str, object] = {}
        while True:
            answer = self.query(**{**params, **following})
            yield answer
            if "continue" not in answer:
                return
            following = answer["continue"]

    def page(self, title: str, **params: object) -> dict:
        return self.query(titles=title, **params)["query"]["pages"][0]

    def get(self, path_or_url: str) -> requests.Response:
        url = path_or_url if "://" in path_or_url else self.server.base_url + path_or_url
        return self.session.get(url, timeout=PATIENCE_S, allow_redirects=False)

    def post(self, path: str, body: object) -> requests.Response:
        return self.session.post(self.server.base_url + path, json=body, timeout=PATIENCE_S)


def below_roots(archive: Asker, depth: int = 4) -> dict[str, int]:
    """Category -> depth, walked over the API from the default roots."""
    seen: dict[str, int] = dict.fromkeys(ROOTS, 0)
    front = list(ROOTS)
    for level in range(1, depth + 1):
        children = [child for category in front for child in subcategories(archive, category)]
        front = [child for child in dict.fromkeys(children) if child not in seen]
        seen |= dict.fromkeys(front, level)
    return seen


def subcategories(archive: Asker, category: str) -> list[str]:
    answers = archive.all(list="categorymembers", cmtitle=f"Category:{category}", cmtype="subcat", cmlimit=500)
    return [row["title"].partition(":")[2] for answer in answers for row in answer["query"]["categorymembers"]]


def files_in(archive: Asker, category: str) -> set[int]:
    answers = archive.all(
        generator="categorymembers", gcmtitle=f"Category:{category}", gcmtype="file", gcmlimit=500, prop="info"
    )
    return {page["pageid"] for answer in answers for page in answer.get("query", {}).get("pages", [])}
