"""A folder of small painted pictures in the layout that the MediaWiki harness fills a wiki from, of any length."""

import json
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

from PIL import Image

from tests.integration.mediawiki.kinds import Kind

SIZE = (96, 64)
ARTISTS = tuple(f"{first} {last}" for first in ("Anna", "Pieter", "Li") for last in ("Meer", "Stein", "Wood", "Hill"))
SHARES = {Kind.PD_OLD_100_EXPIRED: 0.6, Kind.PD_OLD_100: 0.25, Kind.CC_BY_SA: 0.1, Kind.PD_PLUS_CC_BY_SA: 0.05}


def mix(files: int) -> dict[Kind, int]:
    """How many files of each kind make `files` in all; most are in the first root, as on Commons."""
    counts = {kind: int(files * share) for kind, share in SHARES.items()}
    return counts | {Kind.PD_OLD_100_EXPIRED: counts[Kind.PD_OLD_100_EXPIRED] + files - sum(counts.values())}


def paint(folder: Path, files: int) -> Path:
    """Write `files` pictures, no two alike, with `metadata.jsonl`; returns `folder`."""
    (folder / "originals").mkdir(parents=True)
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as lines:
        for row in _rows(folder, files):
            lines.write(json.dumps(row) + "\n")
    return folder


def _rows(folder: Path, files: int) -> Iterator[dict[str, object]]:
    for number in range(files):
        name = f"{number:06d}.jpg"
        colour = (number % 256, number // 256 % 256, number * 37 % 256)
        Image.new("RGB", SIZE, colour).save(folder / name, "JPEG", comment=name.encode())
        artist = ARTISTS[min(number % 17, number % len(ARTISTS))]
        yield {
            "file": name,
            "original_sha1": sha1((folder / name).read_bytes(), usedforsecurity=False).hexdigest(),
            "title": f"View number {number}",
            "artist": artist,
            "artist_death_year": 1850 + number % 40,
            # Uncertain dates and museums bring in the templates that pages on Commons carry beside the licence tags.
            "year": f"circa {1780 + number % 60}",
            "kind": "painting",
            "medium": "oil on canvas",
            "museum": f"Museum of {artist.split()[1]}",
        }
