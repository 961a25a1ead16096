"""The rights decision as assets: every item under every profile from stored evidence alone, and the log of changes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from pd_assets.assets.needs import needs
from pd_assets.lib.catalog.schemas import (
    CATEGORIES,
    CHANGES,
    CREATORS,
    DECISIONS,
    EVIDENCE,
    ITEMS,
    PAGES,
    TAKEDOWNS,
    TEMPLATES,
)
from pd_assets.lib.catalog.tables import count_rows, require, require_sources
from pd_assets.lib.home import Home
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.release.receipts import Receipt, receipts
from pd_assets.lib.release.takedowns import Asked, digest_of_all, resume, take_down_all
from pd_assets.lib.release.undoing import undo
from pd_assets.lib.rights import changes, evidence_log
from pd_assets.lib.rights.audit import latest_result
from pd_assets.lib.rights.breakdown import LISTED, TagCount, draw, tags_of
from pd_assets.lib.rights.decisions import decide_all
from pd_assets.lib.rights.drift import as_markdown, ground_losses, with_losses
from pd_assets.lib.rights.gaps import COLUMNS, Gap, rights_gaps
from pd_assets.lib.rights.judgements import FOLDER as JUDGEMENTS
from pd_assets.lib.rights.versions import ruleset_version
from pd_assets.resources import Platform
from pd_assets.running.by_bucket import chosen, reports_buckets
from pd_assets.running.skip import unless_unchanged
from pd_assets.running.step import counted, drawn, step, stored, table_metadata

OWNERS = ["team:curation"]
DRIFT_MONTHS = 12


@dg.asset(
    key=["rights", "decisions"],
    group_name="rights",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(ITEMS, PAGES, *ALL_RECORDS, CATEGORIES, CREATORS, TEMPLATES),
    code_version=ruleset_version(),
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=table_metadata(DECISIONS),
    description="Accept, reject or quarantine, with the rule, the reasons and the evidence: one row per item and "
    "profile. What no rule accepts is rejected. A changed rule decides everything again, without a request.",
)
@reports_buckets(DECISIONS)
# The calendar decides too: terms of protection end, and fresh uploads grow old.
@unless_unchanged(
    makes=(DECISIONS, CHANGES, EVIDENCE),
    reads=lambda home: sorted(home.matching(f"{JUDGEMENTS}/*.json")),
    settings=lambda settings: [settings.rights_profile, settings.fresh_days, _today()],
    per_run=("pages_read", "verdicts_changed", "changed_by_rule", "changed"),
)
def rights_decisions(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        require(home, ITEMS)
        require_sources(home)
        counts = decide_all(
            home,
            profile=settings.rights_profile,
            fresh_days=settings.fresh_days,
            buckets=chosen(context, home),
        )
        tags = tags_of(home, profile=counts.profile)
        gaps = rights_gaps(home, profile=counts.profile)
        plot = draw(counts.by_rule, tags, profile=counts.profile)
    for change in counts.changed:
        context.log.info(change)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": counts.rows,
            "profile": counts.profile,
            "verdicts": counted(f"verdict ({counts.profile})", counts.verdicts),
            "rules": counted("decided by", counts.rules),
            "breakdown": drawn("licence breakdown", plot),
            "licences": _licences(tags),
            "rights_gaps": _gaps(gaps),
            "accepted": counts.verdicts.get("accept", 0),
            "ruleset": ruleset_version(),
            "pages_read": counts.pages_read,
            "verdicts_changed": sum(counts.moves.values()),
            "changed_by_rule": counted("verdict (rule), before -> now", counts.moves),
            "changed": dg.MetadataValue.json(list(counts.changed)),
            **_audited(home),
            **stored(home, DECISIONS),
            **done.cost,
        },
    )


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _audited(home: Home) -> dict[str, dg.MetadataValue]:
    """What people found in the last audit: rates, how they agree, and how many they were."""
    result = latest_result(home)
    return {} if result is None else {"last_audit": dg.MetadataValue.json(dict(result))}


def _licences(tags: list[TagCount]) -> dg.MetadataValue:
    lines = [
        f"| {one.tag.replace('|', '&#124;')} | {one.kind} | "
        + " | ".join(str(one.verdicts.get(verdict, 0)) for verdict in ("accept", "quarantine", "reject"))
        + " |"
        for one in tags[:LISTED]
    ]
    head = ["| licence tag | kind | accept | quarantine | reject |", "|---|---|---|---|---|"]
    return dg.MetadataValue.md("\n".join([*head, *lines]))


def _gaps(gaps: list[Gap]) -> dg.MetadataValue:
    """The templates that hold back most; `pdd rights-gaps` lists all."""
    lines = [f"| {' | '.join(gap.cells()[:-1])} |" for gap in gaps[:LISTED]]
    return dg.MetadataValue.md("\n".join([f"| {' | '.join(COLUMNS[:-1])} |", "|---" * len(COLUMNS[:-1]) + "|", *lines]))


@dg.asset(
    key=["rights", "changes"],
    group_name="rights",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(DECISIONS, ITEMS),
    metadata=table_metadata(CHANGES),
    description="The drift log: every change of a verdict with its cause, from the first decision on. The rows are "
    "appended while rights/decisions is made, as both must tell the same; this asset adds up the months.",
)
@unless_unchanged(
    makes=(CHANGES,),
    reads=lambda home: sorted(home.root.glob("audit/*/result.json")),
    settings=lambda settings: [settings.rights_profile, _today()],
)
def rights_changes(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    profile = platform.settings().rights_profile
    with step() as done:
        home = platform.home()
        months = changes.by_month(home, profile=profile)
        losses = with_losses(ground_losses(home, profile=profile, today=datetime.now(UTC).date(), months=DRIFT_MONTHS))
        version = changes.version_of(home)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "dagster/row_count": count_rows(home, CHANGES),
            "profile": profile,
            "months": _months(months),
            "per_100_000_this_month": months[0].per_100_000 if months else 0.0,
            "ground_losses": dg.MetadataValue.md(as_markdown(losses)),
            **_audited(home),
            **stored(home, CHANGES),
            **done.cost,
        },
    )


def _months(months: list[changes.Month]) -> dg.MetadataValue:
    lines = [
        f"| {one.month} | {one.items} | {one.per_100_000:g} | "
        f"{', '.join(f'{cause}: {items}' for cause, items in one.causes.items())} |"
        for one in months[:LISTED]
    ]
    head = ["| month | items whose verdict changed | of 100,000 items | by cause |", "|---|---|---|---|"]
    return dg.MetadataValue.md("\n".join([*head, *lines]))


@dg.asset(
    key=["rights", "evidence"],
    group_name="rights",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(DECISIONS),
    metadata=table_metadata(EVIDENCE),
    description="Every evidence that a decision ever rested on, under its SHA-256, with page, revision and day. The "
    "rows are appended while rights/decisions is made, before the decisions stand, and stay; this asset counts them.",
)
@unless_unchanged(makes=(EVIDENCE,))
def rights_evidence(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        content = evidence_log.content_of(home)
        begun = evidence_log.begun_at(home)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content.version),
        metadata={
            "dagster/row_count": content.rows,
            "items": content.items,
            "parts": len(evidence_log.parts(home)),
            "complete_since": "the first decision" if begun is None else begun.isoformat(),
            **stored(home, EVIDENCE),
            **done.cost,
        },
    )


class TakedownConfig(dg.Config):
    """What to take down, as `pdd takedown` does; nothing where no item is named."""

    item: str = Field("", description="an item id, a title, an address, a SHA-1 or a SHA-256")
    items: list[str] = Field([], description="several of these, all under one receipt")
    patterns: list[str] = Field([], description="title:*Foo*, artist:*Foo* or category:*Foo*: also what comes later")
    reason: str = Field("", description="why, for whoever asks later")
    public_reason: str = Field("", description="what the public notice says of the reason; nothing where it is empty")
    ground: str = Field("", description="the kind of reason, for the public notice: copyright, privacy, ...")
    purge: bool = Field(False, description="remove the files, all datasets that hold it, and what shows it, now")
    yes: bool = Field(False, description="a pattern that matches many items is meant so, or an id that nobody knows")
    undo: str = Field("", description="the number of a takedown that is to keep nothing out any more; with a reason")

    def asked(self) -> Asked | None:
        """What is to be taken down; None where nothing is named."""
        names = tuple(one for one in (self.item, *self.items) if one.strip())
        if not names and not self.patterns:
            return None
        return Asked(
            names=names,
            patterns=tuple(self.patterns),
            reason=self.reason,
            public_reason=self.public_reason,
            ground=self.ground,
            purge=self.purge,
            is_list=bool(self.items or self.patterns),
            is_sure=self.yes,
        )


@dg.asset(
    key=["rights", "takedowns"],
    group_name="rights",
    kinds={"parquet"},
    owners=OWNERS,
    metadata=table_metadata(TAKEDOWNS),
    description="What an operator took down, when and why: kept out of everything from then on, with its copies. Name "
    "items or patterns and a reason in the launchpad to take them down, or use `pdd takedown`.",
)
def rights_takedowns(platform: Platform, config: TakedownConfig) -> dg.MaterializeResult:
    told: dict[str, dg.MetadataValue] = {}
    with step() as cost:
        home = platform.home()
        if config.undo.strip():
            left = list(undo(home, config.undo, reason=config.reason).left)
        elif (asked := config.asked()) is not None:
            done = take_down_all(home, asked)
            left = list(done.left)
            told = {"receipt": dg.MetadataValue.text(done.number)}
            told |= {"unknown_names": dg.MetadataValue.json(list(done.unknown))}
        else:
            left = resume(home)
        digest = digest_of_all(home)
        listed, _ = receipts(home)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": count_rows(home, TAKEDOWNS),
            "left_to_do": dg.MetadataValue.json(left),
            "receipts": _receipts(listed),
            "receipts_that_wait": sum(one.state == "waits" for one in listed),
            **told,
            **stored(home, TAKEDOWNS),
            **cost.cost,
        },
    )


def _receipts(listed: Sequence[Receipt]) -> dg.MetadataValue:
    """The last ones; `pdd takedown --list` lists all."""
    lines = [
        f"| {one.number} | {one.taken_down_at:%Y-%m-%d} | {len(one.pictures)} | {one.state} | "
        f"{'; '.join(point.text for point in one.waits[:3])} | {len(one.learnt)} |".replace("\n", " ")
        for one in reversed(listed[-LISTED:])
    ]
    head = [
        "| receipt | day | pictures | state | what waits | models that learnt from it |",
        "|---|---|---|---|---|---|",
    ]
    return dg.MetadataValue.md("\n".join([*head, *lines]))


assets = [rights_decisions, rights_evidence, rights_changes, rights_takedowns]
