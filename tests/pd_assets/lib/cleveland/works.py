"""Works as the museum's file has them, written by us, and a row of the table and the decisions on each."""

import json
from collections.abc import Iterable
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLEVELAND_RECORDS
from pd_assets.lib.cleveland.records import ARCHIVE, address, read
from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.museums.whole_file import Synced, synchronise
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import PROFILES, decide
from tests.pd_assets.lib.rights.cases import TODAY

Row = dict[str, object]
Work = dict[str, object]
SIDE = 1280
MEDIA = "https://openaccess-cdn.clevelandart.org"


def maker(described: str, born: object = None, died: object = None, **more: object) -> Work:
    """One creator, as the file has it."""
    return {
        "description": described,
        "birth_year": born,
        "death_year": died,
        "role": "artist",
        "qualifier": None,
        **more,
    }


def picture(work_id: int, size: str, longest: object, host: str = MEDIA) -> Work:
    """One picture's entry, its sizes as text."""
    url = f"{host}/9999.{work_id}/9999.{work_id}_{size}.jpg"
    return {"url": url, "filename": f"{work_id}.jpg", "filesize": "", "width": str(longest), "height": "600"}


def work(work_id: int, **changes: object) -> Work:
    """A CC0 painting of 1847 by somebody who died in 1850; `changes` are other fields, `host` that of its pictures."""
    host = str(changes.pop("host", MEDIA))
    return {
        "id": work_id,
        "accession_number": f"9999.{work_id}",
        "share_license_status": "CC0",
        "legal_status": "accessioned",
        "title": f"Bridge <em>number</em> {work_id}",
        "tombstone": f"Bridge number {work_id}, 1847. Anna Vester (Danish, 1801-1850).",
        "creation_date": "1847",
        "creation_date_earliest": 1847,
        "creation_date_latest": 1847,
        "creators": [maker("Anna Vester (Danish, 1801-1850)", "1801", "1850")],
        "culture": ["Denmark, 19th century"],
        "technique": "oil on canvas",
        "department": "European Painting",
        "type": "Painting",
        "creditline": "Gift of a donor",
        "copyright": None,
        "url": f"https://clevelandart.org/art/9999.{work_id}",
        "images": {"web": picture(work_id, "web", 893, host), "print": picture(work_id, "print", 3400, host)},
        "updated_at": "2026-08-19 09:03:30.462000",
        **changes,
    }


def row_of(one: Work, side: int = SIDE) -> Row:
    """Its row, as the catalogue gives it to rights."""
    return {**address(read(one), side), "status": "live", "source": "cleveland", "item_id": f"cleveland:{one['id']}"}


def evidence(one: Work) -> Evidence:
    """What rights read of it."""
    return evidence_of(row_of(one))


def rules(one: Work) -> list[str]:
    """The rule that decides under each profile."""
    return [decide(evidence(one), profile, TODAY).rule_id for profile in PROFILES]


def verdicts(one: Work) -> list[str]:
    """The verdict under each profile: strict, life70, us."""
    return [decide(evidence(one), profile, TODAY).verdict for profile in PROFILES]


def write(folder: Path, works: Iterable[object], *, count: int | None = None) -> Path:
    """`data.json` with these works, and `report.json` where a count is given; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(json.dumps(list(works), ensure_ascii=False))
    if count is not None:
        (folder / "report.json").write_text(json.dumps({"num_artworks": count}))
    return folder


def synced(home: Home, index: str | Path, side: int = SIDE) -> Synced:
    """Synchronise, as the asset does."""
    with PoliteSession("tests", tries=2, sleep=lambda seconds: None) as session:
        return synchronise(ARCHIVE, home, session, str(index), side=side)


def stored(home: Home) -> dict[str, Row]:
    """The rows of the table by their ids."""
    return {str(row["item_id"]): row for row in tables.rows(tables.read_or_empty(home, CLEVELAND_RECORDS))}
