"""A small home with every kind of item that the gallery tells apart, and its vectors as `pd_ml embed` leaves them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, FILES, ITEMS
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.planting import Row, decision, file, item, plant

TITLES = ("House in spring", "Le Château d’Été", "Boat at night", "山水 mountain", "Untitled")
ARTISTS = ("Anna Vester", "Émile Durand", "", "Jan Holmgaard")
CATEGORIES = ("Houses", "Boats", "PD-old-100", "Paintings by “A & B”")
VERDICTS = ("accept", "accept", "quarantine", "reject")
REASONS = {"quarantine": ["age_unwitnessed"], "reject": ["no_ground", "us_ground_missing"]}


def label(field: str, value: str) -> Row:
    return {"field": field, "value": value, "licence": "CC0-1.0", "seen_in": "x", "language": "en", "preferred": True}


def rows_of(number: int) -> tuple[Row, Row, Row, Row]:
    """One item with its decision, file and captions; what they say depends on its number alone."""
    verdict = VERDICTS[number % 4]
    artist = ARTISTS[number % 3 + number % 2]
    evidence = {"artist": artist, "made": [1500 + 37 * number % 500, 1999]} if number % 5 else {"artist": artist}
    return (
        item(
            number,
            title=f"{TITLES[number % 5]} {number}",
            source=("commons", "smithsonian")[number % 7 == 0],
            categories=[name for place, name in enumerate(CATEGORIES) if number >> place & 1],
            width=300 * (number % 9),
            height=200,
        ),
        decision(
            number,
            verdict,
            rule_id=("accept-free-work", "no-ground")[verdict != "accept"],
            reasons=REASONS.get(verdict, []),
            evidence=json.dumps(evidence, ensure_ascii=False),
        ),
        file(number, sharpness=13.0 * number),
        {
            "item_id": f"commons:M{number}",
            "labels": [label("description", f"a picture of thing{number % 6}"), label("medium", "Oil on canvas")],
            "captions": [],
        },
    )


def home_of(folder: Path, count: int) -> Home:
    """A home of so many items, numbered from 0 on."""
    home = open_home(folder)
    replant(home, [rows_of(number) for number in range(count)])
    return home


def replant(home: Home, rows: list[tuple[Row, Row, Row, Row]]) -> None:
    """Write the tables; a picture is fetched where it is accepted."""
    plant(home, ITEMS, [one[0] for one in rows])
    plant(home, DECISIONS, [one[1] for one in rows])
    plant(home, FILES, [one[2] for one in rows if one[1]["verdict"] == "accept"])
    plant(home, CAPTIONS, [one[3] for one in rows if one[1]["verdict"] == "accept"])


def with_pictures(home: Home, count: int, size: tuple[int, int] = (48, 32)) -> Home:
    """The same home with real files in the store."""
    rows = [rows_of(number) for number in range(count)]
    for number, (_, decided, stored, _) in enumerate(rows):
        if decided["verdict"] == "accept":
            stored |= {"sha256": store(home, number, size), "path": f"images/{number}.jpg"}
    replant(home, rows)
    return home


def vectors_of(home: Home, numbers: list[int], *, clip: str = "c1", dataset: str = "d1", dimensions: int = 8) -> Path:
    """A CLIP and a dataset by name alone, and vectors of some pictures: the next number is the next alike."""
    home.model("clip", clip).mkdir(parents=True, exist_ok=True)
    home.dataset("main", dataset).mkdir(parents=True, exist_ok=True)
    home.point("models", "clip", "latest", clip)
    home.point("dataset", "main", "latest", dataset)
    folder = home.root / ".index" / "vectors" / f"{clip}-{dataset}"
    folder.mkdir(parents=True, exist_ok=True)
    angles = np.linspace(0, 1.5, len(numbers))
    found = np.zeros((len(numbers), dimensions))
    found[:, 0], found[:, 1] = np.cos(angles), np.sin(angles)
    np.save(folder / "vectors.npy", found.astype(np.float16))
    pq.write_table(
        pa.table(
            {
                "item_id": [f"commons:M{number}" for number in numbers],
                "sha256": [f"{number:064x}" for number in numbers],
                "split": ["test" if number % 5 == 4 else "train" for number in numbers],
            }
        ),
        folder / "items.parquet",
    )
    told = {"clip_version": clip, "dataset_version": dataset, "held_out": {"count": 1, "splits": ["test"]}}
    (folder / "told.json").write_text(json.dumps(told))
    return folder
