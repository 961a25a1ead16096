"""`pdd decide`: the evidence about one picture, and each rule that was tried on it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.evidence import Evidence, from_page
from pd_assets.lib.rights.rules import PROFILES, RULES, Case, decide
from pd_assets.lib.settings import Settings


def explain(item: str, profile: str | None) -> Iterator[str]:
    """Lines for a person: what the page claims, how every rule judged it, and the verdict."""
    settings = Settings.from_env()
    profile = profile or settings.rights_profile
    page = _find(open_home(settings.home), item)
    evidence = from_page(page)
    today = datetime.now(UTC).date()
    decision = decide(evidence, profile, today)
    yield f"{page['item_id']}  {page['title']}"
    yield f"  {page['page_url']}"
    yield "evidence:"
    yield from _evidence(evidence)
    yield f"rules under profile {profile}, in their order; the first that holds decides:"
    case = Case(evidence=evidence, profile=PROFILES[profile], today=today)
    for rule in RULES:
        mark = "holds" if rule.holds(case) else "-"
        yield f"  {mark:<6} {rule.rule_id:<26} {rule.verdict:<11} {rule.says}"
    yield f"verdict: {decision.verdict} by {decision.rule_id} {' '.join(decision.reasons)}".rstrip()


def _evidence(evidence: Evidence) -> Iterator[str]:
    for name, value in asdict(evidence).items():
        if name == "tags":
            for tag in evidence.tags:
                yield f"  tag {tag.name} ({tag.kind}, seen in {tag.seen_in})"
        elif value not in (None, (), False):
            yield f"  {name}: {json.dumps(value, ensure_ascii=False)}"


def _find(home: Home, item: str) -> dict[str, object]:
    """The one item with this id or title; ConfigError where there is none, or more than one."""
    sql = f"""
        with evidence as ({load("item_evidence").replace("order by items.item_id", "")})
        select evidence.*, items.title, items.page_url from evidence join items using (item_id)
        where item_id = $item or items.title = $title
    """
    title = item.split(":", 1)[-1] if item.lower().startswith("file:") else item
    title = title.replace("_", " ")
    stem = title.rsplit(".", 1)[0] if "." in title[-6:] else title
    found = tables.query(home, sql, {"items": ITEMS, "pages": PAGES}, {"item": item, "title": stem})
    if found.num_rows != 1:
        raise ConfigError(
            f"{found.num_rows} items are called {item!r} in {home.root}, expected one; "
            "give an item id such as commons:M123, or a whole title"
        )
    return dict(next(tables.rows(found)))
