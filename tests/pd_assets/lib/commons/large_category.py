"""A category of any size that is nowhere stored: an Action API whose answers are made from page ids."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.pd_assets.lib.local_server import LocalServer, Reply

CATEGORY = "Large"
TOUCHED = "2026-01-01T00:00:00Z"
LISTED_AT_ONCE = 500
JSON = {"Content-Type": "application/json; charset=utf-8"}
Answer = dict[str, object]


@dataclass(kw_only=True)
class LargeCategory:
    """`files` pages with the ids 1, 2, ...; `delay_s` slows each answer.

    Those in `edited` have a later revision, of those in `hidden` the picture is suppressed, and those in `endless` have
    templates without end. `events` are (action, time, page id).
    """

    files: int
    text_bytes: int = 1000
    edited: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    endless: set[int] = field(default_factory=set)
    events: list[tuple[str, str, int]] = field(default_factory=list)
    delay_s: float = 0.0

    def serve(self) -> LocalServer:
        return LocalServer(self.reply)

    def reply(self, number: int, target: str) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        answer: Answer = {}
        if "gcmtitle" in query:
            first = int(query.get("gcmcontinue", "1"))
            end = min(first + LISTED_AT_ONCE, self.files + 1)
            answer = {"query": {"pages": [self.listed(pageid) for pageid in range(first, end)]}}
            if end <= self.files:
                answer["continue"] = {"gcmcontinue": str(end), "continue": "gcmcontinue||"}
        elif "pageids" in query:
            pageids = [int(pageid) for pageid in query["pageids"].split("|")]
            answer = {"query": {"pages": [self.told(pageid) for pageid in pageids]}}
            if self.endless.intersection(pageids) and "templates" in query["prop"]:
                answer["continue"] = {"tlcontinue": str(number), "continue": "||"}
        elif "leaction" in query:
            answer = self.logged(query)
        return Reply(body=json.dumps(answer).encode(), headers=JSON, delay_s=self.delay_s)

    def listed(self, pageid: int) -> Answer:
        revid = pageid * 10 + (pageid in self.edited)
        title = f"File:A picture of number {pageid}.jpg"
        return {"pageid": pageid, "ns": 6, "title": title, "lastrevid": revid, "touched": TOUCHED}

    def logged(self, query: Mapping[str, str]) -> Answer:
        found = [
            {"logid": number, "logpage": pageid, "pageid": 0, "timestamp": timestamp}
            for number, (action, timestamp, pageid) in enumerate(self.events)
            if action == query["leaction"] and timestamp >= query.get("lestart", "")
        ]
        if query["ledir"] == "older":
            found.reverse()
        first, limit = int(query.get("lecontinue", "0")), int(query["lelimit"])
        answer: Answer = {"query": {"logevents": found[first : first + limit]}}
        if len(found) > first + limit:
            answer["continue"] = {"lecontinue": str(first + limit), "continue": "-||"}
        return answer

    def told(self, pageid: int) -> Answer:
        listed = self.listed(pageid)
        text = f"{pageid} {listed['lastrevid']} ".ljust(self.text_bytes, "x")
        revision = {"revid": listed["lastrevid"], "slots": {"main": {"content": text}}}
        info: Answer = {"url": f"https://archive.test/{pageid}.jpg", "sha1": f"{pageid:040x}", "mediatype": "BITMAP"}
        if pageid in self.hidden:
            info = {"filehidden": True}
        return {**listed, "revisions": [revision], "imageinfo": [info]}
