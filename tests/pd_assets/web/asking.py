"""A site over a home with pictures, a dataset and a model, as a browser of this machine asks it."""

import shutil
from pathlib import Path

from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import CAPTIONS, CHANGES, DECISIONS, ITEMS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.page.dates import Years
from pd_assets.lib.release import index
from pd_assets.lib.rights.claims import Evidence, Maker, Tag
from pd_assets.lib.rights.tags import Kind
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.pd_assets.lib.planting import THEN, decision, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

ORIGIN = "http://127.0.0.1"
NUMBERS = range(8)
# The page of number 3 is accepted and has a copy, 4; 6 waits, 7 is refused; neither was fetched.
ACCEPTED, COPY, WAITING, REFUSED = 3, 4, 6, 7
GROUND = Tag(name="pd-old-100-expired", seen_in="wikitext", kind=Kind.GROUND, us=True, life=100, place="pd-art")
MACKE = Maker(name="August <b>Macke</b>", place="artwork.artist", died=1914, told_by="page")
EVIDENCE = Evidence(source="commons", status="live", revid=77, tags=(GROUND,), makers=(MACKE,),
                    made=Years(first=1912, last=1912, named=1912))  # fmt: skip


def client(home: Home) -> TestClient:
    """Requests as our own pages send them."""
    app = site(served(home, Settings(home=home.root)))
    return TestClient(app, base_url=ORIGIN, headers={"origin": ORIGIN}, follow_redirects=False)


def copied(home: Home, place: Path) -> Home:
    """A home of one's own, to change."""
    shutil.copytree(home.root, place, symlinks=True)
    return open_home(place)


def planted(place: Path) -> Home:
    """Pictures 0 to 5 were fetched and are in a dataset that a model was trained on."""
    home = open_home(place)
    catalogue(home, range(6), copies=[(COPY, ACCEPTED)])
    made = dataset(home)
    model(home, "clip", "0123456789abcdef", made)
    evidence = EVIDENCE.to_json()
    decided = [
        decision(
            number,
            rule_id="accept-free-work",
            profile=profile,
            evidence=evidence,
            evidence_digest="e" * 64,
            since="2026-01-01",
        )
        for number in range(6)
        for profile in ("strict", "us")
    ]
    against = [
        (WAITING, "quarantine", "deletion-pending", "deletion_pending"),
        (REFUSED, "reject", "tag-with-conditions", "obligation"),
    ]
    decided += [
        decision(number, verdict, rule_id=rule_id, reasons=[reason], evidence=evidence)
        for number, verdict, rule_id, reason in against
    ]
    plant(home, DECISIONS, decided)
    plant(home, ITEMS, [item(number, title=f"Tree <i>{number}</i>") for number in NUMBERS])
    label = {"field": "artist", "value": "August Macke", "licence": "CC0-1.0", "seen_in": "statement P170",
             "language": "", "preferred": True}  # fmt: skip
    plant(home, CAPTIONS, [{"item_id": f"commons:M{ACCEPTED}", "labels": [label], "captions": ["a tree"],
                            "caption_licences": ["CC0-1.0"]}])  # fmt: skip
    change = {"item_id": f"commons:M{ACCEPTED}", "profile": "strict", "from_verdict": "quarantine",
              "to_verdict": "accept", "from_rule": "fresh-upload", "to_rule": "accept-free-work", "cause": "calendar",
              "from_revid": 76, "to_revid": 77, "changed_on": "2026-01-01", "changed_at": THEN}  # fmt: skip
    plant(home, CHANGES, [change])
    index.refresh(home)
    return home
