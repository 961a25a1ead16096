"""What a training shows, worked out once more from its seed: example by example, and with nothing of the project's."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch


def number(*place: object) -> int:
    text = "/".join(str(part) for part in place)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") // 2


def endless(seed: int, count: int) -> Iterator[int]:
    epoch = 0
    while True:
        yield from np.random.default_rng(number(seed, "order", epoch)).permutation(count).tolist()
        epoch += 1


def batches(seed: int, sizes: Sequence[int], batch_size: int) -> Iterator[tuple[int, list[int]]]:
    """The bucket of each batch, and the examples of that bucket in it."""
    if len(sizes) == 1:
        stream = endless(seed, sizes[0])
        while True:
            yield 0, [next(stream) for _ in range(batch_size)]
    streams = [endless(number(seed, "bucket", bucket), size) for bucket, size in enumerate(sizes)]
    once = [bucket for bucket, size in enumerate(sizes) for _ in range(max(1, round(size / batch_size)))]
    epoch = 0
    while True:
        for bucket in np.random.default_rng(number(seed, "buckets", epoch)).permutation(once).tolist():
            yield bucket, [next(streams[bucket]) for _ in range(batch_size)]
        epoch += 1


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How often each item was shown, and each of its captions by its place in the shard."""

    times: Counter[str] = field(default_factory=Counter)
    captions: Counter[tuple[str, int]] = field(default_factory=Counter)


def replayed(
    buckets: Sequence[Sequence[Mapping[str, object]]],
    *,
    seed: int,
    steps: int,
    batch_size: int,
    captions: bool,
    dropout: float | None = None,
) -> Seen:
    """Of rows of shards, in the order that the stage has them in."""
    seen = Seen()
    shown = batches(seed, [len(bucket) for bucket in buckets], batch_size)
    for step in range(steps):
        bucket, examples = next(shown)
        draws = torch.rand(batch_size, generator=torch.Generator().manual_seed(number(seed, "drop", step)))
        for place, example in enumerate(examples):
            row = buckets[bucket][example]
            item = str(row["item_id"])
            seen.times[item] += 1
            if captions and (dropout is None or float(draws[place]) >= dropout):
                places = readable(row)
                seen.captions[item, places[number(seed, "caption", step, example) % len(places)]] += 1
    return seen


def readable(row: Mapping[str, object]) -> list[int]:
    """The places of captions that say something."""
    several = row["captions"]
    assert isinstance(several, list)
    return [place for place, caption in enumerate(several) if caption.strip()]


def rows_of(dataset: Path, split: str) -> list[dict[str, object]]:
    columns = ["item_id", "captions", "sha256", "page_url", "rule_id", "label_licence", "width", "height"]
    return [
        row
        for path in sorted(dataset.glob(f"{split}-*.parquet"))
        for row in pq.read_table(path, columns=columns).to_pylist()
    ]


def told(ledger: Path) -> Seen:
    """What a ledger says."""
    seen = Seen()
    for row in pq.read_table(ledger).to_pylist():
        if row["times_shown"]:
            seen.times[row["item_id"]] = row["times_shown"]
        for caption in row["captions"]:
            seen.captions[row["item_id"], caption["number"]] = caption["times_shown"]
    return seen
