"""`pdd decide`: the evidence about one picture and where it was seen, each rule tried on it and why, the verdict."""

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.catalog.tables import Tables
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights import museums
from pd_assets.lib.rights.claims import Evidence, Medium, Statement
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import PROFILES, Trial, decide, valid_until
from pd_assets.lib.rights.rules import explain as try_rules
from pd_assets.lib.settings import Settings

# Where on a page of any archive a field of the evidence is seen.
SEEN_IN = {
    "commons": {
        **dict.fromkeys(
            ("short_name", "licence_code", "licence_url", "attribution_required", "non_free"), "extmetadata"
        ),
        **dict.fromkeys(("deletion_reason", "restrictions", "summary_death_year"), "extmetadata"),
        **dict.fromkeys(("made", "date_text"), "wikitext, field date"),
        "artist": "wikitext, field artist or author",
        "published": "wikitext, field publication date",
        "birth_year": "wikitext, field artist or author",
        "death_year": "wikitext, tag, artist or creator; statement P170",
        "inception": "statement P571",
        "is_own_work": "wikitext, field source",
        "names_user": "wikitext, field artist or author",
        "is_posthumous": "wikitext, date or description",
        "is_flat": "wikitext, a tag such as PD-Art",
        "is_work_page": "wikitext, the information box",
        **dict.fromkeys(("looks_flat", "is_solid"), "wikitext and categories"),
        **dict.fromkeys(("uploaded_on", "sha1"), "imageinfo"),
    },
    **museums.SEEN_IN,
}


def explain(item: str, profile: str | None) -> Iterator[str]:
    """Lines for a person: what the page claims and where, how every rule judged it and why, and the verdict."""
    settings = Settings.from_env()
    profile = profile or settings.rights_profile
    if profile not in PROFILES:
        raise ConfigError(f"rights profile {profile!r} is unknown; expected one of {', '.join(PROFILES)}")
    page = _find(open_home(settings.home, to_ask=True), item)
    evidence = evidence_of(page)
    yield f"{page['item_id']}  {page['item_title']}"
    yield f"  {page['item_page_url']}"
    yield from explanation(evidence, profile, datetime.now(UTC).date(), settings.fresh_days)


def explanation(evidence: Evidence, profile: str, today: date, fresh_days: int) -> Iterator[str]:
    """The part that does not depend on where the item is stored."""
    at = f"revision {evidence.revid}" if evidence.revid is not None else "no revision"
    yield f"evidence, as seen at {at}:"
    yield from _evidence(evidence)
    yield f"rules under profile {profile} on {today}, in their order; the first that holds decides:"
    for trial in try_rules(evidence, profile, today, fresh_days=fresh_days):
        yield from _trial(trial)
    decision = decide(evidence, profile, today, fresh_days=fresh_days)
    yield f"verdict: {decision.verdict} by {decision.rule_id} {' '.join(decision.reasons)}".rstrip()
    yield f"the calendar may change it on {valid_until(evidence, today, fresh_days=fresh_days)}"


def _evidence(evidence: Evidence) -> Iterator[str]:
    for tag in evidence.tags:
        place = f", {tag.place}" if tag.place else ""
        yield f"  tag {tag.name} ({tag.kind}, seen in {tag.seen_in}{place})"
    for statement in evidence.statements:
        yield f"  statement {_statement(statement)} (seen in the structured data)"
    if evidence.medium is not None:
        yield from _medium(evidence.medium)
    for maker in evidence.makers:
        told = {key: value for key, value in vars(maker).items() if value not in (None, "", False)}
        yield f"  maker {_said(told)}"
    for field in fields(evidence):
        value = getattr(evidence, field.name)
        if field.name not in ("tags", "statements", "medium", "makers", "revid") and value not in (None, (), False):
            seen_in = SEEN_IN[evidence.source].get(field.name)
            yield f"  {field.name}: {_said(value)}{f' (seen in {seen_in})' if seen_in else ''}"


def _statement(statement: Statement) -> str:
    qualifiers = ", ".join(f"{name} {value}" for name, value in statement.qualifiers)
    return f"{statement.property} {statement.value}{f' [{qualifiers}]' if qualifiers else ''}"


def _medium(medium: Medium) -> Iterator[str]:
    for field in fields(medium):
        yield f"  medium, {field.name}: {_said(getattr(medium, field.name))}"


def _said(value: object) -> str:
    if isinstance(value, Years):
        return str(value.first) if value.first == value.last else f"{value.first} to {value.last}"
    return json.dumps(value, ensure_ascii=False)


def _trial(trial: Trial) -> Iterator[str]:
    rule = trial.rule
    mark = "holds" if trial.held else "-" if trial.applies else "n/a"
    yield f"  {mark:<6} {rule.rule_id:<26} {rule.verdict:<11} {rule.says}"
    if not trial.applies:
        return
    seen = "; ".join(f"{name}: {textwrap.shorten(value, 80, placeholder=' ...')}" for name, value in trial.looked_at)
    yield f"         {'because' if trial.held else 'not so'}: {seen or 'the profile does not ask'}"
    if trial.held:
        yield f"         {rule.jurisdiction}, {rule.cites}"


def _find(home: Home, item: str) -> dict[str, object]:
    """The one item with this id or title; ConfigError where there is none, or more than one."""
    title = item.split(":", 1)[-1] if item.lower().startswith("file:") else item
    title = title.replace("_", " ")
    stem = title.rsplit(".", 1)[0] if "." in title[-6:] else title
    found = [
        row
        for name, other in (("item_evidence", {"pages": PAGES}), ("record_evidence", {"records": ALL_RECORDS}))
        for row in _rows_called(home, load(name), {"items": ITEMS, **other}, {"item": item, "title": stem})
    ]
    if len(found) != 1:
        raise ConfigError(
            f"{len(found)} items are called {item!r} in {home.root}, expected one; "
            "give an item id such as commons:M123, or a whole title"
        )
    return found[0]


def _rows_called(
    home: Home, sql: str, sources: Mapping[str, Tables], called: dict[str, object]
) -> list[dict[str, object]]:
    """The evidence of the items with this id or title; title and page are those of the item."""
    chosen = f"""
        select evidence.*, items.title as item_title, items.page_url as item_page_url
        from items join ({sql}) as evidence on evidence.item_id = items.item_id
        where items.item_id = $item or items.title = $title
    """
    return [dict(row) for row in tables.rows(tables.query(home, chosen, sources, called))]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("item", help="an item id (commons:M123) or a title (File:Name.jpg)")
    parser.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    for line in explain(arguments.item, arguments.profile):
        print(line)
