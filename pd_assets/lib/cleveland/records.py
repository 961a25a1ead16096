"""One work of the museum -> a row of cleveland/records. Nothing is judged in here: rights read `media` and the columns.

Left out are the alternate pictures, and of the record all that names owners, donors and writers.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from pd_assets.lib.cleveland.bulk import fetch
from pd_assets.lib.museums.contract import CLEVELAND
from pd_assets.lib.museums.parts import Row
from pd_assets.lib.museums.values import as_json, mapping, plain, text
from pd_assets.lib.museums.whole_file import Archive, digest

NO_PICTURE, NOT_OWNED = "no_picture", "not_owned"
# The TIFF, of up to half a gigabyte, is never asked for.
SIZES = ("web", "print")
# What rights read of a record, verbatim.
KEPT = ("type", "creation_date", "creation_date_earliest", "creation_date_latest", "cover_accession_number")
OF_CREATORS = ("description", "birth_year", "death_year", "role", "qualifier")
NOTICE = re.compile(r"(?:©|\bcopyright\b).*", re.IGNORECASE | re.DOTALL)
DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
ADDRESS = re.compile(r"https?://[^\s<>\"]{4,400}")


def read(work: Mapping[str, object]) -> Row:
    """The columns of one work; ValueError where it is not in the shape that we know."""
    images, creators = work.get("images") or {}, work.get("creators") or []
    record_id = text(work.get("id")) or ""
    if not re.fullmatch(r"\d{1,18}", record_id, re.ASCII):
        raise ValueError("no id")
    if not isinstance(images, dict) or not isinstance(creators, list) or not all(map(mapping, creators)):
        raise ValueError("images or creators are in another shape")
    pictures = {size: images[size] for size in SIZES if mapping(images.get(size))}
    made_by = [{key: one.get(key) for key in OF_CREATORS} for one in creators]
    status, legal = work.get("share_license_status"), text(work.get("legal_status")) or "accessioned"
    return {
        "record_id": record_id,
        "media_id": "main",
        "problem": None if legal.lower() == "accessioned" else NOT_OWNED,
        "title": plain(work.get("title")),
        "page_url": text(work.get("url")),
        "media_type": "Images",
        "usage_access": status if isinstance(status, str) else None,
        "metadata_usage_access": "CC0",
        "object_rights": _notices(work),
        "data_source": "The Cleveland Museum of Art",
        "terms": [f"{key}: {said}" for key in ("type", "department", "technique") if (said := plain(work.get(key)))],
        "names": [f"{_role(one)}: {said}" for one in creators if (said := _named(one))],
        "dates": [said] if (said := plain(work.get("creation_date"))) else [],
        "freetext": as_json(_described(work, creators)),
        "media": as_json({"images": pictures, "creators": made_by, **{key: work.get(key) for key in KEPT}}),
        "media_signature": digest(as_json(pictures)),
        "updated_at": _day(work),
    }


def address(row: Row, side: int) -> Row:
    """The row with where its picture is: the JPEG of 3,400 pixels, and the smallest that covers `side`."""
    row = {**row, "thumb_side": side}
    images = json.loads(str(row["media"]))["images"] if row.get("media") else {}
    found = [images[size] for size in SIZES if size in images and ADDRESS.fullmatch(str(images[size].get("url")))]
    if not found:
        return {**row, "problem": row["problem"] or NO_PICTURE}
    width, height = (_pixels(found[-1], key) for key in ("width", "height"))
    covering = (one for one in found if max(_pixels(one, "width"), _pixels(one, "height")) >= side)
    row |= {"mime": "image/jpeg", "width": width or None, "height": height or None}
    return {**row, "file_url": found[-1]["url"], "thumb_url": next(covering, found[-1])["url"]}


def _notices(work: Mapping[str, object]) -> list[str]:
    """What is said of rights in other places: the line, who is named for the picture, the end of the label of 2018."""
    label = NOTICE.search(text(work.get("tombstone")) or "")
    said = (text(work.get("copyright")), text(work.get("image_credit")), label[0] if label else None)
    return [one for one in said if one]


def _described(work: Mapping[str, object], creators: list[dict[str, object]]) -> dict[str, object]:
    """What describes the work, in the groups of lib/dataset/freetext.py."""
    cultures = work.get("culture")
    told: dict[str, list[tuple[str, object]]] = {
        "objectType": [("Type", work.get("type"))],
        "culture": [("Culture", one) for one in (cultures if isinstance(cultures, list) else [cultures])],
        "date": [("Date", work.get("creation_date"))],
        "physicalDescription": [("Medium", work.get("technique"))],
        "name": [(_role(one), _named(one)) for one in creators],
        "notes": [("Description", work.get("digital_description") or work.get("wall_description"))],
    }
    return {
        group: [{"label": label, "content": said} for label, one in found if (said := plain(one))]
        for group, found in told.items()
    }


def _day(work: Mapping[str, object]) -> datetime | None:
    """The day of the last change: the museum's clock has no zone, and its field two names."""
    found = DAY.match(str(work.get("updated_at") or work.get("last_updated_in_athena")))
    try:
        return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _named(creator: Mapping[str, object]) -> str:
    """The maker's line, with what the museum says of the hand where the line does not: `workshop of Jacopo Bassano`."""
    line, qualifier = plain(creator.get("description")) or "", creator.get("qualifier")
    said = (plain(qualifier.get("Value") if isinstance(qualifier, Mapping) else qualifier) or "").removeprefix("and")
    return f"{said} {line}" if said and said.lower() not in line.lower() else line


def _role(creator: Mapping[str, object]) -> str:
    return text(creator.get("role")) or "artist"


def _pixels(one: Mapping[str, object], key: str) -> int:
    """A number as text; 0 for an empty one and for none."""
    digits = text(one.get(key)) or ""
    return int(digits) if re.fullmatch(r"\d{1,6}", digits, re.ASCII) else 0


ARCHIVE = Archive(museum=CLEVELAND, unit="CMA", reader_version=1, fetch=fetch, read=read, address=address)
