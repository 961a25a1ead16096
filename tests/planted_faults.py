"""The faults of the mutation check (tests/mutations.py): single mistakes that would be easy to make and dear.

Each is an exact piece of a source file and what stands there instead; `found_by` are the tests that must find it. No
two places of the code catch one another's mistake here: of a pair of conditions that say the same, neither is listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.sizes import size_of

SIZES = ("quick", "test", "all")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault. `size` is the smallest of SIZES to which all of `found_by` belong."""

    name: str
    area: str
    file: str
    old: str
    new: str
    found_by: tuple[str, ...]
    size: str = "quick"


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="life plus 100 ends a year early",
        area="rights",
        file="pd_assets/lib/rights/case.py",
        old="else self.today.year - 1 - self.profile.life",
        new="else self.today.year - self.profile.life",
        found_by=("tests/pd_assets/lib/rights/test_calendar.py",),
    ),
    Fault(
        name="all reasons but the first are dropped",
        area="rights",
        file="pd_assets/lib/rights/rules.py",
        old="tuple(dict.fromkeys(rule.reason for rule in held if rule.reason))",
        new="(first.reason,)",
        found_by=(
            "tests/pd_assets/lib/rights/test_cases.py::test_a_decision_gives_every_reason_against_the_picture_and_not_only_that_of_its_rule",
        ),
    ),
    Fault(
        name="what no rule accepts is accepted",
        area="rights",
        file="pd_assets/lib/rights/rules.py",
        old='DEFAULT = Decision(verdict="reject"',
        new='DEFAULT = Decision(verdict="accept"',
        found_by=(
            "tests/pd_assets/lib/rights/test_cases.py::test_an_archive_that_no_rule_knows_is_refused_by_default",
        ),
    ),
    Fault(
        name="an unknown template is taken for harmless",
        area="rights",
        file="pd_assets/lib/rights/page_tags.py",
        old="elif _stands_for_licence(use) and not (",
        new="elif use.inside and _stands_for_licence(use) and not (",
        found_by=("tests/pd_assets/lib/rights/test_cases.py",),
    ),
    Fault(
        name="a maker of whom nobody tells a death is taken for dead",
        area="rights",
        file="pd_assets/lib/rights/case.py",
        old="return max(years) if len(years) == len(makers) else None",
        new="return max(years, default=None)",
        found_by=("tests/pd_assets/lib/rights/test_cases.py",),
    ),
    Fault(
        name="quarantine is licensed under strict",
        area="rights",
        file="pd_assets/lib/catalog/sql/licensed_images.sql",
        old="where decisions.verdict = 'accept'",
        new="where decisions.verdict <> 'reject'",
        found_by=("tests/pd_assets/lib/catalog/test_items.py::test_whatever_is_missing_keeps_an_item_out",),
    ),
    Fault(
        name="a page that was only touched is not read again",
        area="sync",
        file="pd_assets/lib/commons/index.py",
        old='f"{revid}|{touched}|{thumb_side}|{title}"',
        new='f"{revid}|{thumb_side}|{title}"',
        found_by=("tests/pd_assets/lib/commons/test_changes.py",),
    ),
    Fault(
        name="a batch that is complete ends the listing",
        area="sync",
        file="pd_assets/lib/commons/action_api.py",
        old='following = _wanted(answer.get("continue"), told)',
        new='following = None if answer.get("batchcomplete") else _wanted(answer.get("continue"), told)',
        found_by=("tests/pd_assets/lib/commons/test_changes.py",),
    ),
    Fault(
        name="deleted pages are counted and not looked after",
        area="sync",
        file="pd_assets/lib/commons/sync.py",
        old="gone = plan.miss() if is_complete else 0",
        new="gone = len(index.not_seen()) if is_complete else 0",
        found_by=("tests/pd_assets/lib/commons/test_changes.py",),
    ),
    Fault(
        name="copies of a picture are split one by one",
        area="export",
        file="pd_assets/lib/dataset/splits.py",
        old="coalesce(nullif(cluster, ''), nullif(phash, ''), item_id) as cluster",
        new="item_id as cluster",
        found_by=("tests/pd_assets/lib/dataset/test_splits.py",),
    ),
    Fault(
        name="the digest is not over the content",
        area="export",
        file="pd_ml/data/shards.py",
        old='f"{shard.path} {shard.sha256}" for shard in shards',
        new='f"{shard.path} {shard.rows}" for shard in shards',
        found_by=(
            "tests/pd_assets/lib/dataset/test_incremental_export.py::test_another_picture_in_the_same_place_is_another_dataset",
        ),
    ),
    Fault(
        name="a shard with a withdrawn picture is linked again",
        area="export",
        file="pd_assets/lib/dataset/plan.py",
        old="must=is_out",
        new="must=False",
        found_by=(
            "tests/pd_assets/lib/dataset/test_incremental_export.py::test_after_a_takedown_exactly_the_shards_that_held_it_change",
        ),
    ),
    Fault(
        name="a resumed run repeats a batch",
        area="loop",
        file="pd_ml/training/loop.py",
        old='self._step = state["step"]',
        new='self._step = state["step"] - 1',
        found_by=("tests/pd_ml/test_loop.py::test_a_suspended_run_ends_bit_for_bit_like_an_undisturbed_one",),
        size="test",
    ),
    Fault(
        name="the warm-up is logged and not followed",
        area="loop",
        file="pd_ml/training/loop.py",
        old='group["lr"] = learning_rate(config, step)',
        new='group["lr"] = config.learning_rate',
        found_by=(
            "tests/pd_ml/test_loop.py::test_a_step_is_taken_at_the_rate_of_the_schedule_and_not_only_logged_at_it",
        ),
        size="test",
    ),
    Fault(
        name="raw weights are released for the average",
        area="loop",
        file="pd_ml/training/weights.py",
        old="model = self._ema.model if self._ema else self._model",
        new="model = self._model",
        found_by=("tests/pd_ml/test_loop.py::test_the_average_is_exported_and_differs_from_the_raw_weights",),
        size="test",
    ),
    Fault(
        name="the moments of the optimiser are not restored",
        area="checkpoint",
        file="pd_ml/training/weights.py",
        old='        optimizer.load_state_dict({**state["optimizer"], "state": moments})\n',
        new="",
        found_by=("tests/pd_ml/test_loop.py::test_a_suspended_run_ends_bit_for_bit_like_an_undisturbed_one",),
        size="test",
    ),
    Fault(
        name="a checkpoint is written in its place",
        area="checkpoint",
        file="pd_ml/training/checkpoint.py",
        old=(
            "        _write(partial, state)\n"
            "        shutil.rmtree(final, ignore_errors=True)\n"
            "        os.replace(partial, final)\n"
        ),
        new=("        shutil.rmtree(final, ignore_errors=True)\n        _write(final, state)\n"),
        found_by=(
            "tests/pd_ml/test_checkpoint.py::test_a_disk_that_fills_up_is_named_and_the_last_checkpoint_stays_whole",
        ),
        size="test",
    ),
    Fault(
        name="a copy that comes after a takedown is licensed",
        area="takedown",
        file="pd_assets/lib/catalog/sql/licensed_images.sql",
        old="      and coalesce(clusters.cluster, items.item_id) not in (select cluster from taken_down)\n",
        new="",
        found_by=(
            "tests/pd_assets/lib/release/test_takedowns.py::test_a_picture_that_looks_the_same_and_comes_later_stays_out",
        ),
    ),
    Fault(
        name="a purge keeps the latents",
        area="takedown",
        file="pd_assets/lib/release/purge.py",
        old='if model.stage == "latents" and made_of_it(model, held):',
        new='if model.stage == "latent" and made_of_it(model, held):',
        found_by=(
            "tests/pd_assets/lib/release/test_takedowns.py::test_a_purge_takes_the_latents_of_every_dataset_that_held_it_also_where_that_is_gone",
        ),
    ),
    Fault(
        name="a model made of a model that saw it is not flagged",
        area="takedown",
        file="pd_assets/lib/release/lineage.py",
        old="                waiting.append(made_of)\n",
        new="                pass\n",
        found_by=("tests/pd_assets/lib/release/test_withdrawals.py",),
    ),
)


def problems(root: Path) -> list[str]:
    """Everything that is wrong with the table: a source that moved, a test that is not there, a size not as claimed."""
    return [wrong for fault in FAULTS for wrong in _problems_of(fault, root)]


def _problems_of(fault: Fault, root: Path) -> Iterator[str]:
    times = _text(root / fault.file).count(fault.old)
    if times != 1:
        yield f"{fault.name}: found its piece {times} times in {fault.file}, expected one; the source moved: mend `old`"
    if missing := [name for name in fault.found_by if not _is_there(name, root)]:
        yield f"{fault.name}: no {', '.join(missing)}; name the test that finds it now"
        return
    size = max((size_of(name.partition("::")[0]) for name in fault.found_by), key=SIZES.index)
    if size != fault.size:
        yield f"{fault.name}: called {fault.size}, but its tests are of size {size}"


def _is_there(name: str, root: Path) -> bool:
    """Whether a test file, or one test of it, exists."""
    file, _, test = name.partition("::")
    return (root / file).is_file() and (not test or f"def {test}(" in _text(root / file))


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
