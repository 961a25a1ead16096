"""The audit: a blind random sample of decisions for a person to judge, and the error rates with their intervals.

Half of the sample is drawn among the accepted items and half among the others; each rate is that of its own half, and
the rate over everything weighs the halves by how many items they stand for.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, write_text

ANSWERS = ("free", "not_free", "cannot_tell")
# 95% of intervals made so hold the true rate.
Z = 1.959963984540054
SAMPLE, RESULT, ANSWERED = "sample.json", "result.json", "answers.json"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One item of the sample as it was decided. `path` is its picture's place under PD_HOME, if it has one."""

    item_id: str
    verdict: str
    rule_id: str
    reasons: tuple[str, ...]
    title: str
    page_url: str
    thumb_url: str | None
    path: str | None
    evidence: str

    @property
    def is_accepted(self) -> bool:
        return self.verdict == "accept"


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


@dataclass(frozen=True, kw_only=True)
class Rate:
    """`wrong` of `judged`, as a share with its 95% interval; `worst` counts each `cannot tell` as wrong."""

    wrong: int
    judged: int
    cannot_tell: int
    share: float
    low: float
    high: float
    worst: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """The error rates of one audit.

    `false_accepts` is the share of accepted items that are not free, `false_rejects` the share of the others that are
    free, `errors` the share of all items that are decided wrongly.
    """

    sample: str
    profile: str
    false_accepts: Rate
    false_rejects: Rate
    errors: Rate


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
    )


def folder_of(home: Home, name: str) -> Path:
    """Where everything about one sample lies: where the home is read-only, in the current folder."""
    return (home.root if home.may_write else Path.cwd()) / "audit" / name


def save_sample(home: Home, sample: Sample) -> Path:
    """Keep the sample, so that answers can be counted later; returns its folder."""
    folder = folder_of(home, sample.name)
    write_text(folder / SAMPLE, json.dumps(asdict(sample), ensure_ascii=False, indent=1) + "\n")
    return folder


def count_answers(home: Home, answers_file: Path) -> Result:
    """The rates of a file of answers that the page gave, kept beside the sample. ConfigError where it does not fit."""
    name, answers = _read_answers(answers_file)
    folder = folder_of(home, name)
    try:
        stored = json.loads((folder / SAMPLE).read_text())
        items = tuple(Sampled(**{**one, "reasons": tuple(one["reasons"])}) for one in stored["items"])
        sample = Sample(**{**stored, "items": items})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{answers_file} answers the sample {name}, and {folder / SAMPLE} cannot be read ({error}); set PD_HOME to "
            "the home that the page was made from"
        ) from error
    result = estimate(sample, answers)
    write_text(folder / ANSWERED, json.dumps({"sample": name, "answers": dict(answers)}, indent=1) + "\n")
    write_text(folder / RESULT, json.dumps(asdict(result), indent=1) + "\n")
    return result


def _read_answers(path: Path) -> tuple[str, Mapping[str, str]]:
    try:
        said = json.loads(path.read_text())
        name, answers = said["sample"], said["answers"]
        if not isinstance(name, str) or not isinstance(answers, dict) or Path(name).name != name:
            raise ValueError("not an object with a sample's name and answers")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} holds no answers ({error}); expected the file that the audit's page gives to download"
        ) from error
    if unknown := sorted({str(value) for value in answers.values()} - set(ANSWERS)):
        raise ConfigError(f"{path}: found answers {', '.join(unknown)}, expected {', '.join(ANSWERS)}")
    return name, answers


def estimate(sample: Sample, answers: Mapping[str, str]) -> Result:
    """The rates of the answers so far; items without an answer count for nothing. ConfigError for a foreign item."""
    if foreign := sorted(set(answers) - {one.item_id for one in sample.items}):
        raise ConfigError(f"answers for {', '.join(foreign[:3])}, which the sample {sample.name} does not hold")
    halves = [[one for one in sample.items if one.is_accepted is accepted] for accepted in (True, False)]
    accepts = _rate(halves[0], answers, wrong="not_free")
    rejects = _rate(halves[1], answers, wrong="free")
    return Result(
        sample=sample.name,
        profile=sample.profile,
        false_accepts=accepts,
        false_rejects=rejects,
        errors=_together([(sample.accepted, accepts), (sample.others, rejects)]),
    )


def _rate(items: Sequence[Sampled], answers: Mapping[str, str], *, wrong: str) -> Rate:
    given = [answers[one.item_id] for one in items if one.item_id in answers]
    unsure = given.count("cannot_tell")
    count, judged = given.count(wrong), len(given) - unsure
    low, high = wilson(count / judged if judged else 0.0, judged)
    return Rate(
        wrong=count,
        judged=judged,
        cannot_tell=unsure,
        share=count / judged if judged else 0.0,
        low=low,
        high=high,
        worst=(count + unsure) / len(given) if given else 0.0,
    )


def _together(halves: Sequence[tuple[int, Rate]]) -> Rate:
    """The rate over everything: the halves weighed by what they stand for, with Wilson's interval for as many
    independent answers as have the variance of the weighed sum (Korn and Graubard 1998, section 2)."""
    everything = sum(size for size, _ in halves) or 1
    weighed = [(size / everything, rate) for size, rate in halves if size]
    share = sum(weight * rate.share for weight, rate in weighed)
    if all(rate.judged for _, rate in weighed):
        variance = sum(weight**2 * rate.share * (1 - rate.share) / rate.judged for weight, rate in weighed)
        spread = share * (1 - share)
        flat = 1 / sum(weight**2 / rate.judged for weight, rate in weighed) if weighed else 0.0
        low, high = wilson(share, min(spread / variance, flat) if variance else flat)
    else:
        low, high = 0.0, 1.0
    return Rate(
        wrong=sum(rate.wrong for _, rate in halves),
        judged=sum(rate.judged for _, rate in halves),
        cannot_tell=sum(rate.cannot_tell for _, rate in halves),
        share=share,
        low=low,
        high=high,
        worst=sum(weight * rate.worst for weight, rate in weighed),
    )


def wilson(share: float, judged: float) -> tuple[float, float]:
    """Wilson's 95% score interval (1927) of a share among `judged` answers; without answers, everything is possible."""
    if judged <= 0:
        return 0.0, 1.0
    centre = share + Z**2 / (2 * judged)
    width = Z * math.sqrt(share * (1 - share) / judged + Z**2 / (4 * judged**2))
    below = 1 + Z**2 / judged
    return max(0.0, (centre - width) / below), min(1.0, (centre + width) / below)


def in_words(result: Result) -> list[str]:
    """The result as lines for a person."""
    named = {
        "accepted items that are not free": result.false_accepts,
        "other items that are free": result.false_rejects,
        "items decided wrongly": result.errors,
    }
    return [
        f"{what:<33} {rate.share:6.1%}  (95% interval {rate.low:.1%} to {rate.high:.1%}; {rate.wrong} of {rate.judged} "
        f"judged, {rate.cannot_tell} cannot tell; {rate.worst:.1%} were all of those wrong)"
        for what, rate in named.items()
    ]


def latest_result(home: Home) -> Mapping[str, object] | None:
    """The result that was counted last, or None."""
    found = sorted(home.root.glob(f"audit/*/{RESULT}"), key=lambda path: path.stat().st_mtime)
    result = json.loads(found[-1].read_text()) if found else None
    return result if isinstance(result, dict) else None
