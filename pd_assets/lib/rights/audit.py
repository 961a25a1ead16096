"""The audit's sample: a blind random draw of decisions for people to judge, kept in the home with what comes of it.

Half of the sample is drawn among the accepted items and half among the others. Who answered what is in
audit_answers.py, what the answers come to in audit_rates.py.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.rights.claims import Evidence

SAMPLE, RESULT = "sample.json", "result.json"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One item of the sample as it was decided. `path` is its picture's place under PD_HOME, if it has one.

    `of_rule` is how many items its rule decided alike; samples that were drawn long ago do not say it.
    """

    item_id: str
    verdict: str
    rule_id: str
    reasons: tuple[str, ...]
    title: str
    page_url: str
    thumb_url: str | None
    path: str | None
    evidence: str
    of_rule: int | None = None

    @property
    def is_accepted(self) -> bool:
        return self.verdict == "accept"

    @property
    def seen(self) -> Evidence:
        """What it was decided from; of evidence in a form that is not read any more, nothing."""
        try:
            return Evidence.from_json(self.evidence)
        except (TypeError, KeyError, ValueError):
            return Evidence(source=self.item_id.partition(":")[0], status="live")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a person judges. `accepted` and `others` are how many items the two halves stand for."""

    profile: str
    seed: int
    accepted: int
    others: int
    items: tuple[Sampled, ...]

    @property
    def name(self) -> str:
        """Names the sample: the same draw from the same decisions has the same name."""
        said = json.dumps([[one.item_id, one.verdict] for one in self.items] + [[self.profile, str(self.seed)]])
        return f"{self.profile}-{sha256(said.encode()).hexdigest()[:12]}"


def draw_sample(home: Home, *, profile: str, count: int, seed: int) -> Sample:
    """`count` items at random, half of them accepted; ConfigError where nothing is decided."""
    found = tables.query(
        home,
        load("audit_sample"),
        {"decisions": DECISIONS, "items": ITEMS, "files": FILES},
        {"profile": profile, "seed": str(seed), "half": (count + 1) // 2, "count": count},
    )
    rows = list(tables.rows(found))
    if not rows:
        raise ConfigError(
            f"found no decisions under profile {profile} in {home.root}, expected some; run `pdd run nightly` first"
        )
    return Sample(
        profile=profile,
        seed=seed,
        accepted=int(str(rows[0]["accepted"])),
        others=int(str(rows[0]["others"])),
        items=tuple(_sampled(row) for row in rows),
    )


def _sampled(row: Mapping[str, object]) -> Sampled:
    reasons = row["reasons"]
    return Sampled(
        item_id=str(row["item_id"]),
        verdict=str(row["verdict"]),
        rule_id=str(row["rule_id"]),
        reasons=tuple(str(one) for one in reasons) if isinstance(reasons, list) else (),
        title=str(row["title"] or ""),
        page_url=str(row["page_url"] or ""),
        thumb_url=None if row["thumb_url"] is None else str(row["thumb_url"]),
        path=None if row["path"] is None else str(row["path"]),
        evidence=str(row["evidence"]),
        of_rule=int(str(row["of_rule"])),
    )


def folder_of(home: Home, name: str) -> Path:
    """Where everything about one sample lies: where the home is read-only, in the current folder."""
    return (home.root if home.may_write else Path.cwd()) / "audit" / name


def save_sample(home: Home, sample: Sample) -> Path:
    """Keep the sample, so that answers can be counted later; returns its folder."""
    folder = folder_of(home, sample.name)
    write_text(folder / SAMPLE, json.dumps(asdict(sample), ensure_ascii=False, indent=1) + "\n")
    return folder


def load_sample(home: Home, name: str) -> Sample:
    """A sample that was kept, of whatever age. ConfigError where it cannot be read."""
    path = folder_of(home, name) / SAMPLE
    try:
        stored = json.loads(path.read_text())
        items = tuple(Sampled(**{**one, "reasons": tuple(one["reasons"])}) for one in stored["items"])
        return Sample(**{**stored, "items": items})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"the sample {name} is wanted, and {path} cannot be read ({error}); set PD_HOME to the home that it was "
            "drawn from"
        ) from error


def samples(home: Home, *, profile: str | None = None, seed: int | None = None) -> Iterator[Sample]:
    """The samples that were kept, the one drawn last first."""
    for name in sample_names(home):
        sample = load_sample(home, name)
        if profile in (None, sample.profile) and seed in (None, sample.seed):
            yield sample


def sample_names(home: Home) -> list[str]:
    """The names of the samples that were kept, whether they can be read or not, the one drawn last first."""
    found = folder_of(home, "").glob(f"*/{SAMPLE}")
    return [path.parent.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def latest_result(home: Home) -> Mapping[str, object] | None:
    """The result that was counted last, or None. One of an older form has no `people` and no `agreement`."""
    found = sorted(home.root.glob(f"audit/*/{RESULT}"), key=lambda path: path.stat().st_mtime)
    result = json.loads(found[-1].read_text()) if found else None
    return result if isinstance(result, dict) else None
