"""The three sizes of the suite: `make quick`, `make test` and `make test-all`.

    python -m tests.sizes quick|extended

prints the test files of the first, and those that hold tests of the last only. A file is quick when it stands in the
list below: it needs no torch, no server and no run of Dagster, which tests/conftest.py and tests/test_sizes.py watch
over; tests in it that are marked `slow` wait for `make test`. A test is of the last size when it is marked `extended`:
a smaller one shows the same in less, and docs/testing.md says which.
"""

import ast
import sys
from functools import cache
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
Size = Literal["quick", "test", "all"]
# Files, and folders with all that is in them.
QUICK = (
    "tests/benchmarks",
    "tests/test_mutations.py",
    "tests/test_once.py",
    "tests/pd_assets/cli/test_decide.py",
    "tests/pd_assets/lib/catalog",
    "tests/pd_assets/lib/commons/test_changes.py",
    "tests/pd_assets/lib/commons/test_answers.py",
    "tests/pd_assets/lib/commons/test_entities.py",
    "tests/pd_assets/lib/commons/test_records.py",
    "tests/pd_assets/lib/dataset",
    "tests/pd_assets/lib/images/test_quality.py",
    "tests/pd_assets/lib/page",
    "tests/pd_assets/lib/release",
    "tests/pd_assets/lib/rights",
    "tests/pd_assets/sandbox/test_rendering.py",
    "tests/pd_assets/sandbox/test_titles.py",
    "tests/pd_assets/lib/cleveland/test_works.py",
    "tests/pd_assets/lib/museums",
    "tests/pd_assets/lib/smithsonian/test_delivery.py",
    "tests/pd_assets/lib/smithsonian/test_records.py",
    "tests/pd_assets/lib/test_addresses.py",
    "tests/pd_assets/lib/test_home.py",
    "tests/pd_assets/lib/test_pacing.py",
    "tests/pd_assets/lib/test_settings.py",
    "tests/pd_ml/marks",
    "tests/pd_ml/test_config.py",
    "tests/pd_ml/test_ledger.py",
    "tests/pd_ml/test_project.py",
    "tests/pd_ml/test_provenance.py",
)
# What opens a dataset elsewhere brings torch along; things are asked of a server; the others take five seconds or more.
NOT_QUICK = (
    "tests/benchmarks/test_rights_systems.py",
    "tests/pd_assets/lib/catalog/test_duplicates.py",
    "tests/pd_assets/lib/catalog/test_incremental_items.py",
    "tests/pd_assets/lib/catalog/test_rebucket.py",
    "tests/pd_assets/lib/dataset/test_captions_carried_over.py",
    "tests/pd_assets/lib/dataset/test_evidence_in_datasets.py",
    "tests/pd_assets/lib/dataset/test_export.py",
    "tests/pd_assets/lib/dataset/test_labels_wait.py",
    "tests/pd_assets/lib/dataset/test_openers.py",
    "tests/pd_assets/lib/dataset/test_things.py",
    "tests/pd_assets/lib/prior/test_database.py",
    "tests/pd_assets/lib/release/test_again.py",
    "tests/pd_assets/lib/release/test_ledger.py",
    "tests/pd_assets/lib/release/test_lookup.py",
    "tests/pd_assets/lib/release/test_many_takedowns.py",
    "tests/pd_assets/lib/release/test_may_be_used.py",
    "tests/pd_assets/lib/release/test_notices.py",
    "tests/pd_assets/lib/release/test_promotion.py",
    "tests/pd_assets/lib/release/test_publishing.py",
    "tests/pd_assets/lib/release/test_rebuilding.py",
    "tests/pd_assets/lib/release/test_receipts.py",
    "tests/pd_assets/lib/release/test_takedown_in_vain.py",
    "tests/pd_assets/lib/release/test_trace.py",
    "tests/pd_assets/lib/release/test_undoing.py",
    "tests/pd_assets/lib/release/test_unknown_lineage.py",
    "tests/pd_assets/lib/release/test_warm_start.py",
    "tests/pd_assets/lib/rights/test_changes.py",
    "tests/pd_assets/lib/rights/test_decisions.py",
    "tests/pd_assets/lib/rights/test_drift.py",
    "tests/pd_assets/lib/rights/test_evidence_kept.py",
    "tests/pd_assets/lib/rights/test_evidence_log.py",
    "tests/pd_assets/lib/rights/test_judged.py",
    "tests/pd_assets/lib/rights/test_known.py",
    "tests/pd_assets/lib/rights/test_properties.py",
    "tests/pd_assets/lib/rights/test_unseen_pages.py",
    "tests/pd_ml/marks/test_drawn.py",
    "tests/pd_ml/marks/test_marking.py",
    "tests/pd_ml/marks/test_signer.py",
    "tests/pd_ml/marks/test_watermark.py",
)
# What shares one `pdd up`, and what shares one Postgres: files and folders, each group named by its first.
TOGETHER = (
    ("tests/integration/pdd_up",),
    ("tests/integration/test_postgres.py", "tests/integration/test_services.py"),
)


@cache
def files() -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")))


def is_quick(path: str) -> bool:
    listed = any(path == name or path.startswith(f"{name}/") for name in QUICK)
    return listed and path not in NOT_QUICK and "/test_recorded_" not in path


@cache
def marks(path: str) -> tuple[str, ...]:
    """`extended` for each place in a file that marks a test, or all of them, so; `module` where it marks all."""
    tree = ast.parse((ROOT / path).read_text())
    found = ["extended" for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "extended"]
    of_all = [node for node in tree.body if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets)]
    return (*found, *("module" for node in of_all if "extended" in ast.unparse(node.value)))


def size_of(path: str) -> Size:
    """The smallest size that runs tests of this file, a path from the root. Errors: FileNotFoundError."""
    return "quick" if is_quick(path) else "all" if "module" in marks(path) else "test"


def group_of(path: str) -> str:
    """What goes to one worker: a file, or all that share a server."""
    return next((group[0] for group in TOGETHER if path in group or path.rpartition("/")[0] in group), path)


if __name__ == "__main__":
    wanted = {"quick": is_quick, "extended": lambda path: "extended" in marks(path)}[sys.argv[1]]
    sys.stdout.writelines(f"{path}\n" for path in files() if wanted(path))
