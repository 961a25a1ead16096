"""Label fields of a page, each with its own licence and where it was seen.

Structured-data captions are CC0, wikitext is CC BY-SA 4.0 (Commons:Copyrights). Captions are composed elsewhere.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pd_assets.lib import wikitext

CC0 = "CC0-1.0"
CC_BY_SA = "CC-BY-SA-4.0"
PREFERRED_LANGUAGE = "en"
FIELDS = ("title", "description", "artist", "date", "medium", "object_type", "institution")
PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+|[\w.+-]+\s*[\[(]\s*at\s*[\])]\s*[\w.-]+|https?://\S+|www\.\S+|"
    r"\b(?:OTRS|VRTS?)\b[^.,;]*|\bticket\s*(?:#|:|no\b|number\b|id\b)[^.,;]*|\[?\bticket\s*#?\s*\d{6,}\]?|"
    r"\b(?:original )?upload(?:er|ed)\b(?: was| by|:)[^.;]*|\btransferred from\b[^.;]*|"
    r"\b(?:user|benutzer(?:in)?|utente|utilisateur|usuario|gebruiker|участник)(?:[ _](?:talk|discussion))?:"
    r"[^,.;()\[\]|]*|~{3,5}|(?<!\w)\+\d[\d ()/-]{7,}\d",
    re.IGNORECASE,
)
OWN_WORK = re.compile(r"\bown (?:work|photo)|\bself[- ]made\b|^own$", re.IGNORECASE)
SPECIAL_TOKENS = re.compile(r"<\|[^|]*\|>")


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label field: `label` (a structured-data caption) or a field of the information box."""

    field: str
    value: str
    licence: str
    seen_in: str


def read_labels(page: Mapping[str, object]) -> tuple[Label, ...]:
    """The label fields of one row of commons/pages, cleaned of addresses, tickets and markup."""
    found = [*_structured(page.get("mediainfo")), *_written(page.get("wikitext"))]
    return tuple(label for label in found if label.value)


def _structured(mediainfo: object) -> Iterator[Label]:
    try:
        raw = json.loads(mediainfo) if isinstance(mediainfo, str) and mediainfo else {}
    except (ValueError, RecursionError):
        return  # the rights table reports it; a picture without it has one caption less
    labels = raw.get("labels") if isinstance(raw, dict) else None
    if isinstance(labels, dict) and labels:
        language = PREFERRED_LANGUAGE if PREFERRED_LANGUAGE in labels else min(labels)
        entry = labels[language]
        value = str(entry.get("value", "")) if isinstance(entry, dict) else ""
        yield Label(field="label", value=clean(value), licence=CC0, seen_in=f"mediainfo labels.{language}")


def _written(text: object) -> Iterator[Label]:
    if not isinstance(text, str) or not text:
        return
    page = wikitext.parse(text)
    is_own = any(source and OWN_WORK.search(source) for source in page.all_of("source"))
    for field in FIELDS:
        if field == "artist" and is_own:
            continue  # whoever uploaded it, often by a user name
        value = page.field(field)
        if value:
            yield Label(field=field, value=clean(value), licence=CC_BY_SA, seen_in=f"wikitext {field}")


def clean(text: str) -> str:
    """Text without addresses, tickets and special tokens, with single spaces."""
    text = SPECIAL_TOKENS.sub(" ", PERSONAL.sub(" ", text))
    return " ".join(text.split()).strip(" ,;:-–")
