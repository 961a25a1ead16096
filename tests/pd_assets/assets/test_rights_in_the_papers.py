"""What people found and what drifted is told in Dagster's UI and in the dataset's papers; neither makes work anew."""

import json
from pathlib import Path

import dagster as dg

from pd_assets.assets.rights import rights_changes
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.audit import draw_sample, folder_of, save_sample
from pd_assets.lib.rights.audit_answers import note_answer
from pd_assets.lib.rights.audit_result import count
from pd_assets.resources import Platform
from pd_ml.data.shards import read_manifest
from tests.pd_assets.lib.dataset.exporting import fill
from tests.pd_assets.lib.planting import decision, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box
from tests.pd_assets.lib.rights.deciding import Catalogue
from tests.pd_assets.running.test_skip import Nights, is_idle


def audit(home: Home, *, differ: int) -> None:
    """Two people judge all that is decided, and differ about the first few."""
    sample = draw_sample(home, profile="strict", count=10, seed=0)
    save_sample(home, sample)
    for at, one in enumerate(sample.items):
        right = "free" if one.is_accepted else "not_free"
        note_answer(folder_of(home, sample.name), "first", one.item_id, right)
        note_answer(folder_of(home, sample.name), "second", one.item_id, "cannot_tell" if at < differ else right)
    count(home, sample)


def changes_of(home: Home, instance: dg.DagsterInstance) -> dg.AssetMaterialization:
    specs = [dg.AssetSpec(key) for key in rights_changes.dependency_keys]
    platform = Platform(pd_home=str(home.root))
    result = dg.materialize(
        [rights_changes, *specs], resources={"platform": platform}, instance=instance, selection=[rights_changes]
    )
    (event,) = result.get_asset_materialization_events()
    return event.step_materialization_data.materialization


def test_the_log_of_changes_tells_the_drift_and_the_last_audit_and_a_new_audit_is_news(tmp_path: Path) -> None:
    catalogue, instance = Catalogue(home=open_home(tmp_path / "home")), dg.DagsterInstance.ephemeral()
    for number in range(6):
        catalogue.put(number, box(EXPIRED))
    catalogue.decide(today=TODAY.replace(month=9))
    catalogue.put(1, box("{{Cc-by-sa-4.0}}"))
    catalogue.decide(today=TODAY)
    first = changes_of(catalogue.home, instance)
    assert "| PD-old-100-expired | 6 | 1 |" in str(first.metadata["ground_losses"].value)
    assert "last_audit" not in first.metadata and is_idle(changes_of(catalogue.home, instance))
    audit(catalogue.home, differ=1)
    second = changes_of(catalogue.home, instance)
    told = second.metadata["last_audit"].value
    assert isinstance(told, dict) and (told["people"], told["agreement"]["same"], told["open"]) == (2, 5, 1)


def test_manifest_and_card_tell_both_as_they_were_and_later_decisions_finish_nothing_anew(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "home")
    fill(nights.home, range(8))
    plant(nights.home, DECISIONS, [decision(n, since="2026-01-01", grounds=["PD-x"]) for n in range(8)])
    audit(nights.home, differ=2)
    nights.run()
    folder = nights.home.latest("dataset", "main")
    assert folder is not None
    facts = json.loads(json.dumps(dict(read_manifest(folder).facts)))
    assert facts["audit"]["people"] == 2 and facts["audit"]["agreement"]["same"] == 6
    assert facts["drift"][0]["ground"] == "all grounds" and facts["drift"][0]["at_start"] == 8
    card = (folder / "README.md").read_text()
    assert "judged by 2 people who did not see one another's answers" in card and "lost their ground" in card
    plant(nights.home, DECISIONS, [decision(n, since="2026-01-01", grounds=["PD-y"]) for n in range(8)])
    assert is_idle(nights.run()["manifest"]), "the papers tell how things were when the version was finished"
