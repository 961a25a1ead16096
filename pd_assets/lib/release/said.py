"""`release.json` of a bundle: what the operator says, and what the house knows beside the ledgers.

Its fields are those of `pd_ml.bundle.facts.Release`, which refuses others; day and version are added by the bundle.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, MODEL_LEDGER, TAKEDOWNS, Table
from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.dataset.labels import CC_BY_SA
from pd_assets.lib.home import Home
from pd_assets.lib.http import PROJECT, VERSION
from pd_assets.lib.prior.labels import CAPTIONS as CAPTIONS_OF_PRIOR
from pd_assets.lib.prior.labels import SYSTEM
from pd_assets.lib.release import gates
from pd_assets.lib.release.asking import Parts, looking_at
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.operator import Operator
from pd_assets.lib.rights.versions import ruleset_version
from pd_assets.lib.settings import Settings
from pd_ml.data.shards import read_manifest

FORMAT_VERSION = 1
# Captions that lib/prior brought under this licence, whoever is thanked for them.
_OF_PRIOR = f"^{SYSTEM} ({'|'.join(CAPTIONS_OF_PRIOR)})(?: by (.*))?$"
THANKED = f"label.licence = '{CC_BY_SA}' and regexp_matches(label.seen_in, '{_OF_PRIOR}')"
CREDIT = f"coalesce(regexp_extract(label.seen_in, '{_OF_PRIOR}', 2), '')"
TAKEN_DOWN = "select count(distinct coalesce(item_id, sha256)) from t where undone_at is null"
DETECTOR = "python -m pd_ml detect PICTURE, of the project that this model was made with"


def said(
    home: Home,
    model: Model,
    chain: Sequence[Model],
    operator: Operator,
    settings: Settings,
    datasets: Mapping[str, Path],
    previous: Sequence[str],
) -> dict[str, object]:
    """`release.json` but for the day and the bundle's own version: the fields of `pd_ml.bundle.facts.Release`."""
    ledgers = gates.ledgers_of(home, model)
    facts = read_manifest(datasets[model.run.dataset_version]).facts
    return {
        "format_version": FORMAT_VERSION,
        "stage": model.stage,
        "version": model.version,
        "provider": operator.provider,
        "contact": operator.contact,
        "representative": operator.representative,
        "follows_code": operator.follows_code,
        "profile": settings.rights_profile,
        "ruleset_version": ruleset_version(),
        "labels": str(facts.get("labels", settings.labels)),
        "language": settings.language,
        "free_licence": operator.free_licence,
        "user_agent": f"{PROJECT}Bot/{VERSION} ({operator.contact})",
        "project_version": model.run.environment.get("project", ""),
        "commit": model.run.environment.get("commit", ""),
        "download_url": operator.download_url,
        "is_continued": settings.scrape_enabled,
        "taken_down": _count(home, TAKEN_DOWN, TAKEDOWNS),
        "languages": _labels(home, ledgers, "coalesce(label.language, '')"),
        "label_origins": _labels(home, ledgers, "split_part(label.seen_in, ' ', 1)"),
        "label_credits": _labels(home, ledgers, CREDIT, THANKED),
        "refused": _refused(home, settings.rights_profile),
        "training_flop": _training_flop(chain),
        "audit": facts.get("audit") or {},
        "previous": list(previous),
        "detector": DETECTOR,
    }


def _count(home: Home, sql: str, table: Table) -> int:
    found = tables.query(home, sql, {"t": table})
    return int(found[0][0].as_py())


def _labels(home: Home, ledgers: Sequence[Path], by: str, which: str = "true") -> dict[str, int]:
    """How many label fields the pictures of the ledgers have, by an SQL expression over `label`; only those of which
    another one is true.
    """
    sql = f"""
        select {by} as told, count(*) as fields
        from (
            select unnest(captions.labels) as label from captions
            semi join (select distinct item_id from ledgers where relation = 'trained_on') as shown using (item_id)
        )
        where label.preferred and {which} group by 1 order by 1
    """
    inputs: dict[str, Table | Parts] = {
        "ledgers": Parts(table=MODEL_LEDGER, paths=tuple(ledgers)),
        "captions": CAPTIONS,
    }
    with looking_at(home, inputs) as connection:
        return {str(told): int(fields) for told, fields in connection.sql(sql).fetchall()}


def _refused(home: Home, profile: str) -> dict[str, int]:
    """How many items each rule keeps out today: `reject`, `quarantine`, then the rule."""
    sql = """
        select verdict || ' ' || rule_id as rule, count(*) as items from decisions
        where profile = $profile and verdict <> 'accept' group by 1 order by 1
    """
    rows = tables.rows(tables.query(home, sql, {"decisions": DECISIONS}, {"profile": profile}))
    return {str(row["rule"]): int(str(row["items"])) for row in rows}


def _training_flop(chain: Sequence[Model]) -> dict[str, float | None]:
    """By model, as `<stage> <version>`; None where a part of the chain is not here."""
    if any(not one.is_there for one in chain):
        return dict.fromkeys(sorted(f"{one.stage} {one.version}" for one in chain))
    events: list[Mapping[str, object]] = []
    run_pd_ml(["flop", *(str(one.folder) for one in chain)], events.append)
    told = next((event["training_flop"] for event in events if "training_flop" in event), None)
    assert isinstance(told, dict), "pd_ml flop tells of every model"
    return told
