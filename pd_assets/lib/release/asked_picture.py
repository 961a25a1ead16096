"""All that the page of one picture tells: why it may be used or not, what that rests on, and where the picture went.

Read through the index of `pdd trace` and the one bucket that the item lies in, so that it is quick in a large home.
A table that is missing or damaged is named, and the rest is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import duckdb

from pd_assets.lib.catalog import buckets, tables
from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, Table
from pd_assets.lib.errors import PdError, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release.asked_standing import Stands, stands
from pd_assets.lib.release.item_rows import rows_of_items
from pd_assets.lib.release.ledger import Seen
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.near_titles import near_items
from pd_assets.lib.release.pictures import find_pictures
from pd_assets.lib.release.segments import Row
from pd_assets.lib.release.trace import trace
from pd_assets.lib.release.traced import NO_COPIES, Sighting, Trace
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.judgements import judged_in_words, read_judgements
from pd_assets.lib.rights.key_evidence import all_evidence, key_evidence
from pd_assets.lib.rights.known_names import known_names
from pd_assets.lib.rights.plain_words import Names, day, ids_in, names_of
from pd_assets.lib.rights.rules import PROFILES, Decision, explain, valid_until
from pd_assets.lib.rights.told import Told
from pd_assets.lib.rights.why import Standing, Why, why
from pd_assets.lib.settings import STALE_DAYS

LEARNT, SEEN = ("trained_on", "through"), ("measured_with", "held")
VERDICTS: Mapping[object, str] = {"accept": "accepted", "quarantine": "waits", "reject": "refused"}
CAUSES: Mapping[object, str] = {
    "upstream_edit": "its page was edited",
    "deletion": "its page is gone",
    "copy": "what a page of the same picture says",
    "rule": "our rules changed",
    "knowledge": "news of its makers, its work or its templates",
    "judgement": "people judged it",
    "settings": "a setting changed",
    "calendar": "the calendar",
}
ARCHIVES: Mapping[str, str] = {
    "commons": "Wikimedia Commons",
    "smithsonian": "Smithsonian Open Access",
    "cleveland": "The Cleveland Museum of Art",
}
# Evidence that an older version wrote.
UNREADABLE = "its evidence was written by another version and cannot be read here; the next run decides it anew"


@dataclass(frozen=True, kw_only=True)
class RuleTold:
    """One rule tried on the picture: `state` is `held`, `did not hold` or `not asked`, the last of another archive."""

    rule_id: str
    verdict: str
    state: str
    says: str
    cites: str
    lines: tuple[str, ...]
    decided: bool


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The decision under one profile, with the sentence about it."""

    profile: str
    why: Why
    word: str
    rule_id: str
    ruleset_version: str
    since: str


@dataclass(frozen=True, kw_only=True)
class Seeing:
    """How one model stands to the picture or a copy of it."""

    stage: str
    version: str
    standing: str
    relation: str
    times: int | None
    how: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """One field of its labels with its licence."""

    field: str
    value: str
    licence: str
    seen_in: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Another item that shows the same picture."""

    item_id: str
    title: str
    may_be_shown: bool


@dataclass(frozen=True, kw_only=True)
class About:
    """One picture. `verdicts` begins with that of the home's profile; `unread` names what could not be asked."""

    item_id: str
    title: str
    archive: str
    page_url: str | None
    status: str
    stands: Stands
    verdicts: tuple[Verdict, ...]
    undecided: str
    evidence: tuple[str, ...] = ()
    evidence_raw: str = ""
    evidence_digest: str = ""
    revid: int | None = None
    said: tuple[str, ...] = ()
    changes_on: str = ""
    rules: tuple[RuleTold, ...] = ()
    history: tuple[Mapping[str, object], ...] = ()
    copies: tuple[Copy, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    learnt: tuple[Seeing, ...] = ()
    looked_at: tuple[Seeing, ...] = ()
    may_have: tuple[Seeing, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    captions: tuple[tuple[str, str], ...] = ()
    size: tuple[int, int] | None = None
    credit: str = ""
    unread: tuple[str, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Whether it may not be shown to anybody, since somebody took it down."""
        return bool(self.stands.downs)


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a name leads to: items with their titles; where there is none, what is near it."""

    items: tuple[tuple[str, str], ...] = ()
    near: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()


def named(home: Home, called: str) -> Named:
    """The items that are called so, in any way of `pdd trace`; ConfigError for what is no text."""
    lookup = Lookup(home=home)
    found = find_pictures(home, called, lookup=lookup)
    meant = sorted({one.item_id for one in found.pictures if one.is_meant and one.item_id})
    if meant:
        titles = {str(row["item_id"]): str(row["title"]) for row in lookup.rows("items", "item", meant)}
        return Named(items=tuple((item, titles.get(item, "no longer in the catalogue")) for item in meant))
    return Named(near=tuple(near_items(home, called)), unread=found.unread)


def about(
    home: Home, item_id: str, *, profile: str, fresh_days: int, stale_days: int = STALE_DAYS, today: date | None = None
) -> About:
    """Everything about one item; ConfigError where nobody knows of it."""
    traced = trace(home, item_id)
    today = today or datetime.now(UTC).date()
    lookup = Lookup(home=home)
    (row,) = [one for one in traced.items if one["item_id"] == item_id] or [{}]
    title, page_url = str(row.get("title") or item_id), row.get("page_url")
    standing = stands(home, item_id, lookup=lookup, stale_days=stale_days)
    rows = _OfItem(home=home, item_id=item_id)
    own = [one for one in traced.decisions if one["item_id"] == item_id]
    own = sorted(own, key=lambda one: (one["profile"] != profile, str(one["profile"])))
    # One page is behind the decisions under all profiles.
    names = _names(home, own[0]) if own else {}
    told = [_told(one, names, fresh_days=fresh_days, today=today, standing=standing.standing()) for one in own]
    seen = traced.standings()
    files, captions = rows.of(FILES), rows.of(CAPTIONS)
    found = About(
        item_id=item_id,
        title=title,
        archive=ARCHIVES.get(item_id.partition(":")[0], item_id.partition(":")[0]),
        page_url=_address(page_url),
        status=str(row.get("status") or "no longer in the catalogue"),
        stands=standing,
        verdicts=tuple(verdict for verdict, _ in told),
        undecided="" if told else _undecided(standing),
        said=tuple(judged_in_words(read_judgements(home).of_item(item_id), _digest(own))),
        history=tuple(_change(one) for one in traced.changes if one["item_id"] == item_id),
        copies=tuple(_copies(home, traced, item_id, stale_days)),
        sightings=traced.sightings,
        learnt=tuple(_seeing(one) for one in seen if one.relation in LEARNT),
        looked_at=tuple(_seeing(one) for one in seen if one.relation in SEEN),
        may_have=tuple(_seeing(one) for one in seen if one.relation == "unknown"),
        unknown=traced.unknown,
        labels=tuple(_labels(captions)),
        captions=tuple(_captions(captions)),
        size=_size(files, standing),
        unread=tuple(dict.fromkeys([*traced.unread, *standing.unread, *rows.unread])),
    )
    if told and (evidence := told[0][1]) is not None:
        found = _with_evidence(found, own[0], evidence, names, fresh_days=fresh_days, today=today)
    return replace(found, credit=_credit(found))


def sentence_of(home: Home, decision: Row, *, fresh_days: int, standing: Standing, today: date | None = None) -> Why:
    """Why an item may be used or not, of its row of rights/decisions."""
    day_of = today or datetime.now(UTC).date()
    names = _names(home, decision)
    return _told(decision, names, fresh_days=fresh_days, today=day_of, standing=standing)[0].why


def _told(
    row: Row, names: Names, *, fresh_days: int, today: date, standing: Standing
) -> tuple[Verdict, Evidence | None]:
    evidence = _evidence_of(row)
    reasons = row["reasons"]
    decision = Decision(
        verdict=row["verdict"],  # type: ignore[arg-type]
        rule_id=str(row["rule_id"]),
        reasons=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        witness=str(row.get("witness") or ""),
    )
    seen = evidence or Evidence(source=str(row["item_id"]).partition(":")[0], status="live")
    profile = PROFILES.get(str(row["profile"]), PROFILES["strict"])
    told = Told(
        evidence=seen,
        decision=decision,
        profile=profile,
        today=today,
        fresh_days=fresh_days,
        names=names_of(seen, names),
    )
    verdict = Verdict(
        profile=str(row["profile"]),
        why=(found := why(told, standing)),
        word=VERDICTS.get(found.badge, found.badge),
        rule_id=decision.rule_id,
        ruleset_version=str(row.get("ruleset_version") or ""),
        since=day(str(row["since"])) if row.get("since") else "",
    )
    return verdict, evidence


def _evidence_of(row: Row) -> Evidence | None:
    try:
        return Evidence.from_json(str(row["evidence"]))
    except (TypeError, KeyError, ValueError):
        return None


def _names(home: Home, row: Row) -> Names:
    """Of what the evidence names; none where the tables cannot be read: ids stand for themselves then."""
    evidence = _evidence_of(row)
    try:
        return {} if evidence is None else known_names(home, ids_in(evidence))
    except (PdError, duckdb.Error):
        return {}


def _digest(decisions: Sequence[Row]) -> str:
    """Of what people look at who judge an item."""
    evidence = _evidence_of(decisions[0]) if decisions else None
    return "" if evidence is None else evidence.looked_at(str(decisions[0].get("page_digest") or ""))


def _undecided(standing: Stands) -> str:
    if standing.downs:
        return f"May not be used: taken down ({', '.join(one.in_words for one in standing.downs)})."
    return "May not be used: nobody has decided about it; what is not decided is not free."


def _with_evidence(found: About, row: Row, evidence: Evidence, more: Names, *, fresh_days: int, today: date) -> About:
    names = names_of(evidence, more)
    profile = str(row["profile"]) if row["profile"] in PROFILES else "strict"
    trials = explain(evidence, profile, today, fresh_days=fresh_days)
    rules = tuple(
        RuleTold(
            rule_id=trial.rule.rule_id,
            verdict=VERDICTS[trial.rule.verdict],
            state="held" if trial.held else "did not hold" if trial.applies else "not asked",
            says=trial.rule.says,
            cites=trial.rule.cites,
            lines=tuple(key_evidence(trial, evidence, names, {})) if trial.applies else (),
            decided=trial.rule.rule_id == row["rule_id"],
        )
        for trial in trials
    )
    return replace(
        found,
        evidence=tuple(all_evidence(evidence, names, {})),
        evidence_raw=str(row["evidence"]),
        evidence_digest=str(row.get("evidence_digest") or ""),
        revid=evidence.revid,
        changes_on=day(valid_until(evidence, today, fresh_days=fresh_days).isoformat()),
        rules=rules,
    )


@dataclass(kw_only=True)
class _OfItem:
    """The rows of one item in tables by bucket; `unread` names those that could not be read."""

    home: Home
    item_id: str
    unread: list[str] = field(default_factory=list)

    def of(self, table: Table) -> Sequence[Row]:
        try:
            path = tables.bucket_file(self.home, table, buckets.bucket_of(self.item_id, self.home.buckets))
            return rows_of_items(table, path, [self.item_id]) if path.is_file() else ()
        except (TableError, OSError) as error:
            self.unread.append(f"{table.key}: {error}")
            return ()


def _address(told: object) -> str | None:
    """An address that a page may link to: an archive's answer may hold anything."""
    return str(told) if str(told).lower().startswith(("https://", "http://")) else None


def _size(files: Sequence[Row], standing: Stands) -> tuple[int, int] | None:
    for row in files:
        width, height = row["width"], row["height"]
        if row["sha256"] == standing.sha256 and isinstance(width, int) and isinstance(height, int):
            return width, height
    return None


def _change(row: Row) -> dict[str, object]:
    return {
        "day": day(str(row["changed_on"])),
        "profile": row["profile"],
        "from_verdict": VERDICTS.get(row["from_verdict"], row["from_verdict"]),
        "to_verdict": VERDICTS.get(row["to_verdict"], row["to_verdict"]),
        "badge": row["to_verdict"],
        "from_rule": row["from_rule"],
        "to_rule": row["to_rule"],
        "cause": CAUSES.get(row["cause"], row["cause"]),
        "revisions": (row["from_revid"], row["to_revid"]),
    }


def _copies(home: Home, traced: Trace, item_id: str, stale_days: int) -> Iterator[Copy]:
    titles = {str(row["item_id"]): str(row["title"]) for row in traced.items}
    for other in traced.items_meant:
        if other and other != item_id:
            title = titles.get(other, "no longer in the catalogue")
            yield Copy(item_id=other, title=title, may_be_shown=stands(home, other, stale_days=stale_days).may_be_shown)


def seeing_in_words(seen: Seen) -> str:
    """How a model stands to a picture, for a person."""
    times = "" if seen.times_shown is None else f" {seen.times_shown} time{'' if seen.times_shown == 1 else 's'}"
    through = f"through {', '.join(seen.through)}" if seen.through else ""
    if seen.relation == "trained_on":
        return f"was shown it{times or ', how often is not known'}" + (f", and {through}" if through else "")
    if seen.relation == "through":
        return f"learnt from it {through}, which it was made of or started from"
    if seen.relation == "measured_with":
        return "was measured with it, and did not learn from it"
    if seen.relation == "held":
        return "was not shown it, though its dataset held it"
    return f"unknown, so it counts as seen: {seen.why or NO_COPIES}"


def _seeing(seen: Seen) -> Seeing:
    return Seeing(
        stage=seen.model.stage,
        version=seen.model.version,
        standing=seen.model.standing,
        relation=seen.relation,
        times=seen.times_shown,
        how=seeing_in_words(seen),
    )


def _labels(captions: Sequence[Row]) -> Iterator[Label]:
    for row in captions:
        listed = row["labels"]
        for one in listed if isinstance(listed, list) else ():
            yield Label(**{name: str(one[name] or "") for name in ("field", "value", "licence", "seen_in", "language")})


def _captions(captions: Sequence[Row]) -> Iterator[tuple[str, str]]:
    for row in captions:
        texts, licences = row["captions"], row["caption_licences"]
        if isinstance(texts, list):
            given = licences if isinstance(licences, list) else []
            yield from zip(map(str, texts), [*map(str, given), *[""] * (len(texts) - len(given))], strict=True)


def _credit(found: About) -> str:
    """Maker, title, date and archive: nobody asks for it, and it is good manners."""
    said: dict[str, str] = {}
    for one in found.labels:
        said.setdefault(one.field, one.value)
    parts = [said.get("artist"), f"“{found.title}”", said.get("date"), said.get("institution"), found.archive]
    return ", ".join(part for part in parts if part)
