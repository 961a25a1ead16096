"""The page of an audit: one HTML file that works offline, shows no verdict before it is judged, and counts the answers.

The answers stay in the browser until they are downloaded. Nothing is sent anywhere.
"""

import io
import json
from base64 import b64encode
from dataclasses import asdict
from importlib.resources import files

from PIL import Image

from pd_assets.lib.guard import sources_of
from pd_assets.lib.home import Home
from pd_assets.lib.rights.audit import Sample, Sampled
from pd_assets.lib.rights.evidence import Evidence

THUMB_SIDE = 480
# What our rules make of the evidence would give the verdict away.
JUDGEMENTS = frozenset({"tags", "statements", "medium", "source", "sha1"})


def render(home: Home, sample: Sample) -> str:
    """The whole page."""
    shown = {
        "sample": sample.name,
        "profile": sample.profile,
        "accepted": sample.accepted,
        "others": sample.others,
        "items": [_item(home, one) for one in sample.items],
    }
    # In a script element only `<` could end it.
    data = json.dumps(shown, ensure_ascii=False).replace("<", "\\u003c")
    page = (files(__package__) / "audit.html").read_text(encoding="utf-8")
    # Of the page as we wrote it: nothing that data could bring in has these digests.
    for element in ("script", "style"):
        page = page.replace(f"{element.upper()}_SOURCES", sources_of(element, page), 1)
    return page.replace("AUDIT_DATA", data, 1)


def _item(home: Home, one: Sampled) -> dict[str, object]:
    verdict = json.dumps([one.verdict, one.rule_id, ", ".join(one.reasons)])
    return {
        "id": one.item_id,
        "title": one.title,
        "page": one.page_url if one.page_url.startswith(("https://", "http://")) else "",
        "picture": _thumbnail(home, one) or _remote(one),
        "evidence": _claims(Evidence.from_json(one.evidence)),
        # Not a secret, but not to be read in passing.
        "sealed": b64encode(verdict.encode()).decode(),
    }


def _remote(one: Sampled) -> str:
    return one.thumb_url if one.thumb_url is not None and one.thumb_url.startswith(("https://", "http://")) else ""


def _thumbnail(home: Home, one: Sampled) -> str | None:
    """The picture in the store, small, as a data URI."""
    path = home.root / one.path if one.path else None
    if path is None or not path.is_file():
        return None
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((THUMB_SIDE, THUMB_SIDE))
        picture.convert("RGB").save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"


def _claims(evidence: Evidence) -> list[list[str]]:
    """What was seen, as (name, value) in words, without what our table makes of it."""
    said = [["licence tag", f"{tag.name} (seen in: {tag.seen_in})"] for tag in evidence.tags]
    said += [["statement", f"{one.property} = {one.value}"] for one in evidence.statements]
    if evidence.medium is not None:
        said += [[f"museum: {name}", _plain(value)] for name, value in asdict(evidence.medium).items() if value]
    rest = {name: value for name, value in asdict(evidence).items() if name not in JUDGEMENTS}
    return said + [[name, _plain(value)] for name, value in rest.items() if value]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
