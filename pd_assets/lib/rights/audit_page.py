"""The page of an audit: one HTML file that works offline, shows no verdict before it is judged, and counts the answers.

The answers stay in the browser until they are downloaded. Nothing is sent anywhere.
"""

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files

from PIL import Image

from pd_assets.lib.guard import sources_of
from pd_assets.lib.home import Home
from pd_assets.lib.rights.audit import Sample, Sampled
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.plain_words import fields_in_words, names_of, statement_in_words, tag_name
from pd_assets.lib.rights.rules import Decision
from pd_assets.lib.rights.words_for_people import sentence

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
        "items": [_item(home, one, sample.profile) for one in sample.items],
    }
    # In a script element only `<` could end it.
    data = json.dumps(shown, ensure_ascii=False).replace("<", "\\u003c")
    page = (files(__package__) / "audit.html").read_text(encoding="utf-8")
    # Of the page as we wrote it: nothing that data could bring in has these digests.
    for element in ("script", "style"):
        page = page.replace(f"{element.upper()}_SOURCES", sources_of(element, page), 1)
    return page.replace("AUDIT_DATA", data, 1)


def _item(home: Home, one: Sampled, profile: str) -> dict[str, object]:
    verdict = json.dumps([one.verdict, verdict_in_words(one, profile)])
    return {
        "id": one.item_id,
        "title": one.title,
        "page": safe_page(one),
        "picture": picture_of(home, one),
        "evidence": [list(claim) for claim in claims(one.seen)],
        # Not a secret, but not to be read in passing.
        "sealed": b64encode(verdict.encode()).decode(),
    }


def verdict_in_words(one: Sampled, profile: str) -> str:
    """What the program decided, as a sentence."""
    decision = Decision(verdict=one.verdict, rule_id=one.rule_id, reasons=one.reasons)  # type: ignore[arg-type]
    return sentence(one.seen, decision, profile, datetime.now(UTC).date())


def safe_page(one: Sampled) -> str:
    """The archive's page about it, where that is a page of the web."""
    return safe_address(one.page_url)


def safe_address(address: str) -> str:
    """An address that a link may lead to: one of the web, or none."""
    return address if address.startswith(("https://", "http://")) else ""


def picture_of(home: Home, one: Sampled) -> str:
    """The picture in the store, small, as a data URI; else where the archive has it, if anywhere."""
    return stored_picture(home, one.path) or _remote(one)


def _remote(one: Sampled) -> str:
    return one.thumb_url if one.thumb_url is not None and one.thumb_url.startswith(("https://", "http://")) else ""


def stored_picture(home: Home, place: str | None) -> str | None:
    """A picture in the store, small, as a data URI; None where there is none, or one that cannot be read."""
    path = home.root / place if place else None
    if path is None or not path.is_file():
        return None
    buffer = io.BytesIO()
    try:
        with Image.open(path) as picture:
            picture.thumbnail((THUMB_SIDE, THUMB_SIDE))
            picture.convert("RGB").save(buffer, "JPEG", quality=80)
    except OSError:
        # Purged, or damaged, since the file was looked for.
        return None
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}"


def claims(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What was seen, as (name, value) in words, without what our table makes of it."""
    names = names_of(evidence)
    for tag in evidence.tags:
        yield "licence tag" if tag.seen_in != "prose" else "words", f"{tag_name(tag.name)} (seen in: {tag.seen_in})"
    for one in evidence.statements:
        yield "structured data", statement_in_words(one, names).removeprefix("structured data, ")
    if evidence.medium is not None:
        yield from ((f"museum: {name}", value) for name, value in fields_in_words(evidence.medium, names))
    yield from fields_in_words(evidence, names, without=JUDGEMENTS)
