"""One line of a shard -> rows of smithsonian/records: one for each medium, or one with the reason why there is none.

Nothing is judged in here: rights read the columns. What a record has otherwise than we know it is counted as drift.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import blake2b
from urllib.parse import quote

from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.museums.parts import Reading, Row
from pd_assets.lib.museums.values import as_json, contents, instant, labelled, legible, mapping, plain, text
from pd_assets.lib.smithsonian.delivery import address, deliver
from pd_assets.lib.smithsonian.lines import Line
from pd_assets.lib.smithsonian.units import known_unit

# Higher it where rows of the same line come out otherwise than before: every shard is then read anew.
READER_VERSION = 1
SAFE_IN_IDS = "._-()!,=+@ '~$*;"
# Reasons of a line that holds no usable record; `lines.py` has three more.
HTML, TRUNCATED, INVALID, NOT_AN_OBJECT = "html", "truncated", "invalid_json", "not_an_object"
NO_ID, NOT_EDANMDM, WRONG_SHAPE = "no_record_id", "not_edanmdm", "wrong_shape"
NO_MEDIA, DUPLICATE = "no_media", "duplicate_record"
# Of a medium in a record that is usable otherwise.
NO_ADDRESS, NOT_A_MEDIUM = "no_address", "not_a_medium"

ID_IN_TEXT = re.compile(r'"record_ID"\s*:\s*"([^"\\]{1,200})"|"url"\s*:\s*"edanmdm:([^"\\]{1,200})"')
USAGES = frozenset({"CC0", "Usage conditions apply", "(Not determined)"})
TERMS = ("object_type", "topic", "name", "place", "culture", "scientific_name", "common_name", "tax_class")
FREE_TERMS = ("objectType", "topic", "name", "place", "culture", "setName", "taxonomicName")
KNOWN_KEYS: Mapping[str, frozenset[str]] = {
    where: frozenset(keys.split())
    for where, keys in {
        "record": "id title unitCode type url hash docSignature timestamp lastTimeUpdated version content linkedId "
        "linkedContent publicSearch status",
        "content": "descriptiveNonRepeating freetext indexedStructured",
        "descriptiveNonRepeating": "data_source guid metadata_usage online_media record_ID record_link title "
        "title_sort unit_code",
        "media": "altTextAccessibility caption content extDescrAccessibility guid id idsId resources thumbnail type "
        "usage",
    }.items()
}
# The archive's are 40 characters at most; a medium's may be an address.
LONGEST_RECORD_ID, LONGEST_IN_ITEM_ID = 200, 300


class Refused(Exception):
    """A line holds no usable record: why, which one where that can be told, and as much of it as was read."""

    def __init__(self, reason: str, record_id: str | None = None, record: Mapping[str, object] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record_id = record_id
        self.record: Mapping[str, object] = record or {}


@dataclass(frozen=True, kw_only=True)
class Parser:
    """Makes rows of the lines of one shard, for pictures of `side` pixels."""

    shard: str
    side: int
    now: datetime
    reading: Reading = field(default_factory=Reading)
    _record_ids: set[str] = field(default_factory=set)
    _item_ids: set[str] = field(default_factory=set)

    def rows(self, line: Line) -> list[Row]:
        """The rows of one line, at least one."""
        self.reading.lines += 1
        try:
            record = read_record(line, self.reading)
            if record.record_id in self._record_ids:
                raise Refused(DUPLICATE, record.record_id, record.origin)
        except Refused as refused:
            self.reading.reasons[refused.reason] += 1
            return [self._reason_row(refused, line)]
        self._record_ids.add(record.record_id)
        self.reading.records += 1
        self.reading.media += len(record.media)
        common = {**record.columns, "shard": self.shard, "status": "live", "fetched_at": self.now}
        common["signature"] = line.signature
        return [self._medium_row(record, common, at, medium) for at, medium in enumerate(record.media, start=1)]

    def _medium_row(self, record: "Record", common: Row, at: int, value: object) -> Row:
        medium = mapping(value)
        media_id = medium_id(medium or {}, at)
        row = {**common, "item_id": self._unique(item_id(record.record_id, media_id)), "media_id": media_id}
        row |= {"media": as_json(value), "media_signature": _digest(value), "thumb_side": self.side}
        if medium is None:
            return {**row, "problem": NOT_A_MEDIUM}
        row |= self._usage(medium) | addresses(medium, self.side)
        row |= {"media_type": text(medium.get("type")), "caption": plain(medium.get("caption"))}
        row |= {"alt_text": plain(medium.get("altTextAccessibility"))}
        _note_unknown_keys("media", medium, self.reading)
        return row

    def _usage(self, medium: Mapping[str, object]) -> Row:
        usage = mapping(medium.get("usage"))
        # Verbatim: rights compare it exactly.
        access = usage.get("access") if usage else None
        access = legible(access) if isinstance(access, str) else None
        self.reading.usage[access if access in USAGES else "(absent)" if access is None else "(unknown)"] += 1
        if access is not None and access not in USAGES:
            self.reading.note(f"media.usage.access = {access}")
        if usage is None and medium.get("usage") is not None:
            self.reading.note("media.usage is no object")
        usage = usage or {}
        return {
            "usage_access": access,
            "usage_codes": contents(usage.get("codes")),
            "usage_text": text(usage.get("text")),
        }

    def _reason_row(self, refused: Refused, line: Line) -> Row:
        record_id = refused.record_id
        name = item_id(record_id, "") if record_id else f"smithsonian::{line.signature}"
        return {
            **_brief(refused.record),
            "item_id": self._unique(name),
            "record_id": record_id,
            "shard": self.shard,
            "status": "live",
            "problem": refused.reason,
            "signature": line.signature,
            "fetched_at": self.now,
        }

    def _unique(self, name: str) -> str:
        """The id, with a number behind it where it was there before; `#` is in no id, which are percent-encoded."""
        found, number = name, 2
        while found in self._item_ids:
            found, number = f"{name}#{number}", number + 1
        self._item_ids.add(found)
        return found


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record that can be used: the columns that all its media share, and the media as they are listed."""

    record_id: str
    columns: Row
    media: list[object]
    origin: Mapping[str, object]


def read_record(line: Line, reading: Reading) -> Record:
    """The record of a line; Refused with the reason where it holds none that has media."""
    record = _parsed(line)
    record_type = text(record.get("type"))
    record_id = _record_id(record)
    if record_type != "edanmdm":
        raise Refused(NOT_EDANMDM, record_id, record)
    _note_unknown_keys("record", record, reading)
    content = mapping(record.get("content"))
    described = mapping(content.get("descriptiveNonRepeating")) if content else None
    if record_id is None:
        raise Refused(NO_ID, None, record)
    if content is None or described is None:
        raise Refused(WRONG_SHAPE, record_id, record)
    _note_unknown_keys("content", content, reading)
    _note_unknown_keys("descriptiveNonRepeating", described, reading)
    unit = text(described.get("unit_code")) or text(record.get("unitCode"))
    if known_unit(unit or "") is None:
        reading.note(f"unit_code = {unit}")
    free, indexed = content.get("freetext", {}), content.get("indexedStructured", {})
    media = _media(described, reading)
    if media is None or not isinstance(free, dict) or not isinstance(indexed, dict):
        # What is not understood may be a statement of rights.
        raise Refused(WRONG_SHAPE, record_id, record)
    if not media:
        raise Refused(NO_MEDIA, record_id, record)
    columns = {**_brief(record), **_columns(described, free, indexed), "record_id": record_id}
    if columns["updated_at"] is None:
        reading.note("lastTimeUpdated is no moment")
    return Record(record_id=record_id, columns=columns, media=media, origin=record)


def item_id(record_id: str, media_id: str) -> str:
    """`smithsonian:<record_ID>:<media id>`, both percent-encoded, for a media id may be an address.

    A very long one is its digest; the columns `record_id` and `media_id` have both as they are.
    """
    return f"smithsonian:{_encoded(record_id)}:{_encoded(media_id)}"


def _encoded(name: str) -> str:
    encoded = quote(name, safe=SAFE_IN_IDS)
    return encoded if len(encoded) <= LONGEST_IN_ITEM_ID else f"blake2b-{_digest(name)}"


def medium_id(medium: Mapping[str, object], at: int) -> str:
    """What names a medium: its id at the delivery service, else another that is its own, else its place in the list."""
    names = (text(medium.get(key)) for key in ("idsId", "guid", "id", "content"))
    return next(filter(None, names), f"medium {at}")


def addresses(medium: Mapping[str, object], side: int) -> Row:
    """The columns that say where the picture is; they are made anew where another side is asked for."""
    delivery = deliver(medium, side=side)
    if delivery is None:
        return {"problem": NO_ADDRESS, "thumb_side": side}
    return {**asdict(delivery), "problem": None, "thumb_side": side}


def _brief(record: Mapping[str, object]) -> Row:
    """The little that is kept even of a record without usable media: what it is, for whoever looks for it."""
    described = _described(record)
    title = mapping(described.get("title")) or {}
    return {
        "unit_code": text(described.get("unit_code")) or text(record.get("unitCode")),
        "title": plain(record.get("title")) or plain(title.get("content")),
        "page_url": address(described.get("record_link")) or address(described.get("guid")),
        "record_type": text(record.get("type")),
        "updated_at": instant(record.get("lastTimeUpdated")),
    }


def _described(record: Mapping[str, object]) -> Mapping[str, object]:
    content = mapping(record.get("content")) or {}
    return mapping(content.get("descriptiveNonRepeating")) or {}


def _parsed(line: Line) -> Mapping[str, object]:
    """The line's JSON object; Refused where it is none."""
    known = ID_IN_TEXT.search(line.text)
    record_id = (known[1] or known[2]) if known else None
    if line.problem:
        raise Refused(line.problem, record_id)
    if line.text.startswith("<"):
        raise Refused(HTML)
    try:
        value = parse_json(line.text)
    except UnreadableJson as error:
        cause = error.__cause__
        at_the_end = isinstance(cause, json.JSONDecodeError) and cause.pos >= len(line.text)
        is_cut = line.text.startswith("{") and (at_the_end or not line.text.endswith("}"))
        raise Refused(TRUNCATED if is_cut else INVALID, record_id) from error
    if not isinstance(value, dict):
        raise Refused(NOT_AN_OBJECT)
    return value


def _record_id(record: Mapping[str, object]) -> str | None:
    """The permanent id; `id` is another one in every export of the archive."""
    found = text(_described(record).get("record_ID"))
    found = found or (text(record.get("url")) or "").partition(":")[2].strip()
    return found if found and len(found) <= LONGEST_RECORD_ID else None


def _media(described: Mapping[str, object], reading: Reading) -> list[object] | None:
    """The media as they are listed; None where they are not in the shape of a list."""
    if described.get("online_media") is None:
        return []
    online = mapping(described["online_media"])
    if online is None or not isinstance(media := online.get("media", []), list):
        return None
    if text(online.get("mediaCount")) != str(len(media)):
        reading.note("mediaCount is another number than that of the media")
    return media


def _columns(described: Mapping[str, object], free: Mapping[str, object], indexed: Mapping[str, object]) -> Row:
    """What rights and labels read of a record, verbatim."""
    metadata_usage = mapping(described.get("metadata_usage")) or {}
    access = metadata_usage.get("access")
    return {
        "metadata_usage_access": legible(access) if isinstance(access, str) else None,
        "object_rights": contents(free.get("objectRights")),
        "media_rights": [
            one for part in (described, free, indexed) for one in contents(part.get("online_media_rights"))
        ],
        "data_source": text(described.get("data_source")),
        "terms": list(dict.fromkeys(_terms(free, indexed))),
        "names": [f"{label}: {content}" for label, content in labelled(free.get("name"), "name")],
        "dates": contents(free.get("date")),
        "indexed_dates": contents(indexed.get("date")),
        "freetext": as_json(free),
        "indexed": as_json(indexed),
    }


def _terms(free: Mapping[str, object], indexed: Mapping[str, object]) -> Iterator[str]:
    for key, part in [*((key, indexed) for key in TERMS), *((key, free) for key in FREE_TERMS)]:
        for label, content in labelled(part.get(key), key):
            yield f"{label}: {content}"


def _note_unknown_keys(where: str, part: Mapping[str, object], reading: Reading) -> None:
    for key in part.keys() - KNOWN_KEYS[where]:
        reading.note(f"{where}.{key}")


def _digest(value: object) -> str:
    return blake2b(as_json(value).encode(), digest_size=16).hexdigest()
