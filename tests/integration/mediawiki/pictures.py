"""Which pictures of the art set go into the wiki, under which kind of licence: the truth that tests compare with."""

import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.integration.mediawiki.errors import FillFailed
from tests.integration.mediawiki.kinds import KINDS, Kind

PLAIN_YEAR = re.compile(r"(?P<circa>(?:circa|about|c\.) )?(?P<first>\d{4})(?:[–-](?P<last>\d{4}))?")
PLAIN_NAME = re.compile(r"(?!Q\d)[^\n]{3,60}")
DEAD_100_YEARS = 1920
OLD_IN_ANY_CASE = 1840
OWN_CATEGORY_ARTISTS = 5


@dataclass(frozen=True, kw_only=True)
class ArtRow:
    """One picture of the art set with what is known about the work; `file` is relative to the set's folder."""

    file: str
    original_sha1: str
    title: str
    artist: str
    artist_death_year: int | None
    year: str
    year_num: int
    kind: str
    medium: str
    museum: str
    source_url: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The truth about one file of the wiki.

    `free` says whether its licence may be accepted under the strict profile, `decodes` whether its bytes are whole;
    `former_title` is set when it was renamed, `same_as` when another title holds the same bytes. `sha1` is known, and
    `title` final, once the file is in the wiki.
    """

    title: str
    sha1: str
    kind: Kind
    free: bool
    decodes: bool
    categories: tuple[str, ...]
    former_title: str | None
    same_as: str | None
    row: ArtRow


def read_art(art: Path) -> list[ArtRow]:
    """The works that have a plain date and artist's name, photographs left out; at full size where the set has that."""
    full_size = {path.stem: f"originals/{path.name}" for path in sorted((art / "originals").iterdir())}
    lines = (art / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line) for line in lines)
    return [
        ArtRow(
            file=full_size.get(row["original_sha1"], row["file"]),
            original_sha1=row["original_sha1"],
            title=row["title"],
            artist=row["artist"],
            artist_death_year=row.get("artist_death_year"),
            year=row["year"],
            year_num=_last_year(row["year"]),
            kind=row["kind"],
            medium=row.get("medium", row["kind"]),
            museum=row.get("museum", "Unknown"),
            source_url=row.get("source_url", f"https://example.org/{row['original_sha1'][:12]}"),
        )
        for row in found
        if PLAIN_YEAR.fullmatch(row.get("year") or "")
        and PLAIN_NAME.fullmatch(row["artist"])
        and row["kind"] != "photograph"
    ]


def choose(rows: Sequence[ArtRow], mix: Mapping[Kind, int], seed: int) -> list[Picture]:
    """Give each kind its pictures, no picture twice. Those at full size go first, to the kinds that want the most."""
    left = random.Random(seed).sample(list(rows), len(rows))
    left.sort(key=lambda row: not row.file.startswith("originals/"))
    pictures: list[Picture] = []
    for kind in sorted(mix, key=lambda kind: (KINDS[kind].latest_year, -mix[kind], kind)):
        fitting = [row for row in left if _fits(row, kind)][: mix[kind]]
        if len(fitting) < mix[kind]:
            raise FillFailed(
                f"{mix[kind]} pictures of kind {kind} were asked for, but only {len(fitting)} are left for it"
            )
        taken = set(fitting)
        left = [row for row in left if row not in taken]
        pictures += [_picture(row, kind) for row in fitting]
    return _with_duplicates(_with_categories(pictures))


def _fits(row: ArtRow, kind: Kind) -> bool:
    spec = KINDS[kind]
    if spec.needs_museum and row.museum == "Unknown":
        return False
    # Nobody tells when some artists died: their works are free where they are old in any case.
    is_long_dead = (row.artist_death_year or DEAD_100_YEARS + (row.year_num > OLD_IN_ANY_CASE)) <= DEAD_100_YEARS
    return row.year_num <= spec.latest_year and is_long_dead


def _picture(row: ArtRow, kind: Kind) -> Picture:
    spec = KINDS[kind]
    return Picture(
        title=_file_title(row),
        sha1="",
        kind=kind,
        free=spec.free,
        decodes=not spec.truncated,
        categories=(),
        former_title=None,
        same_as=None,
        row=row,
    )


def _file_title(row: ArtRow) -> str:
    """Commons' usual pattern; the digest's beginning keeps two works of one name apart."""
    name = f"{row.artist} - {row.title[:100]} ({row.year}) {row.original_sha1[:6]}"
    clean = re.sub(r"\s+", " ", re.sub(r"[#<>\[\]|{}:/\\%_~\x00-\x1f\x7f]+", "-", name)).strip()
    clean = unicodedata.normalize("NFC", clean)
    return f"File:{clean[0].upper()}{clean[1:]}{Path(row.file).suffix}"


def _with_categories(pictures: Sequence[Picture]) -> list[Picture]:
    """The artists met most often get a category of their own, the rest share one."""
    count = Counter(picture.row.artist for picture in pictures if picture.row.artist != "unknown artist")
    frequent = {
        artist for artist, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))[:OWN_CATEGORY_ARTISTS]
    }
    return [
        replace(
            picture,
            categories=(f"Paintings by {picture.row.artist if picture.row.artist in frequent else 'other artists'}",),
        )
        for picture in pictures
    ]


def _with_duplicates(pictures: Sequence[Picture]) -> list[Picture]:
    """A duplicate is a second upload of the same bytes: both titles are in the truth."""
    result: list[Picture] = []
    for picture in pictures:
        result.append(picture)
        if KINDS[picture.kind].twice:
            stem, suffix = picture.title.rsplit(".", 1)
            result.append(replace(picture, title=f"{stem} (copy).{suffix}", same_as=picture.title))
    return result


def _last_year(year: str) -> int:
    match = PLAIN_YEAR.fullmatch(year)
    assert match is not None
    return int(match["last"] or match["first"])
