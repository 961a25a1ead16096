"""What an export costs a night: bytes written anew and CPU-seconds, for rows that are new, edited, relabelled or gone.

`python -m tests.bench.export_nights --pictures 20000 --nights 100`
"""

import argparse
import hashlib
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, EVIDENCE, FILES, LICENSED, MEMBERS, SPLITS
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import members
from tests.bench.export import cpu_s
from tests.pd_assets.lib.planting import decision, file, licensed, plant

PICTURE_BYTES = 4000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20_000, help="how many there are at first")
    parser.add_argument("--shard-bytes", type=int, default=400_000, help="bytes of pictures in a shard")
    parser.add_argument("--nights", type=int, default=0, help="so many nights of 1%% of new rows, and 0.1%% that go")
    options = parser.parse_args()
    count, shard_bytes = options.pictures, options.shard_bytes
    share = count // 100
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder))
        rows = list(range(count))
        drawn = random.Random(0)
        show("from scratch", home, rows, {}, shard_bytes)
        show("nothing new", home, rows, {}, shard_bytes)
        rows += range(count, count + share)
        show("1% new", home, rows, {}, shard_bytes)
        edit(home, set(drawn.sample(rows, share)))
        show("1% edited", home, rows, {}, shard_bytes)
        said = {n: "other" for n in drawn.sample(rows, share)}
        show("1% relabelled", home, rows, said, shard_bytes)
        gone = set(drawn.sample(rows, 10))
        rows = [n for n in rows if n not in gone]
        show("10 taken down", home, rows, said, shard_bytes)
        gone = set(drawn.sample(rows, share))
        rows = [n for n in rows if n not in gone]
        show("1% taken down", home, rows, said, shard_bytes)
        following, new_bytes, written_bytes = count + share, 0, 0.0
        for _ in range(options.nights):
            gone = set(drawn.sample(rows, share // 10))
            rows = [n for n in rows if n not in gone] + list(range(following, following + share))
            following += share
            written_bytes += float(export(home, rows, said, shard_bytes)["written_bytes"])
            new_bytes += share * PICTURE_BYTES
        if options.nights:
            print(f"{options.nights} nights: {written_bytes / new_bytes:.2f} bytes written a new byte")


def show(what: str, home: Home, rows: Sequence[int], said: Mapping[int, str], shard_bytes: int) -> None:
    found = export(home, rows, said, shard_bytes)
    print(what, json.dumps(found))


def export(home: Home, rows: Sequence[int], said: Mapping[int, str], shard_bytes: int) -> dict[str, float | str]:
    """Plant the tables of some pictures, and export them."""
    fill(home, rows, said)
    before = names(home)
    started = cpu_s()
    made = export_shards(home, name="bench", shard_bytes=shard_bytes)
    spent_s = cpu_s() - started
    total = sum(info.size_bytes for info in made.shards)
    new = sum(info.size_bytes for info in made.shards if (info.path, info.sha256) not in before)
    started = cpu_s()
    members.record(home, made)
    beside = sum(path.stat().st_size for path in made.folder.iterdir() if path.suffix != ".parquet")
    part = home.table(MEMBERS.key) / made.name / f"{made.version}.parquet"
    return {
        "version": made.version,
        "members_cpu_s": round(cpu_s() - started, 2),
        "beside_bytes": beside,
        "members_bytes": part.stat().st_size,
        "cpu_s": round(spent_s, 2),
        "shards": len(made.shards),
        "written_bytes": new,
        "share": round(new / total, 4),
    }


def names(home: Home) -> set[tuple[str, str]]:
    """Names and digests of the shards of the last export."""
    version = home.pointed("dataset", "bench", "exported")
    if version is None:
        return set()
    index = json.loads((home.dataset("bench", version) / "shards.json").read_text())
    return {(info["path"], info["sha256"]) for info in index["shards"]}


def fill(home: Home, rows: Sequence[int], said: Mapping[int, str]) -> None:
    digests = {}
    home.images.mkdir(exist_ok=True)
    for n in rows:
        body = random.Random(n).randbytes(PICTURE_BYTES)
        digests[n] = hashlib.sha256(body).hexdigest()
        path = home.images / f"{n}.jpg"
        if not path.exists():
            path.write_bytes(body)
    plant(home, LICENSED, [licensed(n, sha256=digests[n], width=48, height=32) for n in rows])
    plant(home, FILES, [file(n, sha256=digests[n]) for n in rows])
    plant(home, SPLITS, [{"item_id": f"commons:M{n}", "split": "train"} for n in rows])
    captions = [
        {"item_id": f"commons:M{n}", "captions": [said.get(n, f"picture {n}")], "label_licence": "CC0-1.0"}
        for n in rows
    ]
    plant(home, CAPTIONS, captions)
    edited = EDITED.get(home.root, set())
    read = [(n, 2 if n in edited else 1) for n in rows]
    plant(home, DECISIONS, [decision(n, evidence_digest=digest(n, revid)) for n, revid in read])
    log = [
        {"item_id": f"commons:M{n}", "digest": digest(n, one), "revid": one, "seen_on": "2026-06-01"}
        for n, revid in read
        for one in range(1, revid + 1)
    ]
    plant(home, EVIDENCE, log)


# The pictures whose pages were edited, by home.
EDITED: dict[Path, set[int]] = {}


def edit(home: Home, numbers: set[int]) -> None:
    """Have other evidence for some pictures, which are accepted all the same."""
    EDITED.setdefault(home.root, set()).update(numbers)


def digest(number: int, revid: int) -> str:
    return hashlib.sha256(f"{number} {revid}".encode()).hexdigest()


if __name__ == "__main__":
    main()
