"""The import rules of the house, read from the source with ast: imports inside functions count as well.

A rule about what a module may not reach follows its imports through our own modules, so that a detour does not hide it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable, Mapping

import pytest

from tests.reach import ROOT, imported, imports, reached, sources, tree

HEAVY = ("torch", "diffusers", "transformers", "accelerate")
TORCH_FREE = (
    "pd_ml.data.shards",
    "pd_ml.data.croissant",
    "pd_ml.config",
    "pd_ml.provenance",
    "pd_ml.disk",
    "pd_ml.errors",
)
SOURCES = ("pd_assets.lib.commons", "pd_assets.lib.smithsonian", "pd_assets.lib.cleveland", "pd_assets.lib.rights")
NOT_ONE_ANOTHER = [(one, other) for one in SOURCES for other in SOURCES if one != other]


def within(module: str, packages: Iterable[str]) -> bool:
    """Whether a module is one of `packages` or lies in one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def modules_of(*packages: str) -> list[str]:
    return [module for module in sources() if within(module, packages)]


def broken(modules: Iterable[str], forbidden: Iterable[str], *, far: bool = True) -> list[str]:
    """`module -> what it should not import`, for a message that names the place."""
    forbidden = tuple(forbidden)
    return [
        f"{module} -> {name}"
        for module in modules
        for name in sorted(reached(module) if far else imports(module))
        if within(name, forbidden)
    ]


def test_the_reader_sees_lazy_imports_and_submodules_imported_by_name() -> None:
    assert "pd_assets.sandbox" in imports("pd_assets.cli.sandbox"), "the import inside the function run"
    assert "pd_ml.data.shards" in imports("pd_assets.lib.dataset.audit"), "from pd_ml.data import shards"
    assert "torch" in reached("pd_ml.command_line"), "through other modules"
    assert broken(["pd_assets.cli"], ["pd_assets.lib.errors"]) == ["pd_assets.cli -> pd_assets.lib.errors"]


def test_pd_ml_knows_nothing_of_dagster_the_catalogue_or_the_network() -> None:
    assert broken(modules_of("pd_ml"), ["dagster", "pd_assets", "duckdb", "requests"]) == []


@pytest.mark.parametrize("module", TORCH_FREE)
def test_formats_and_settings_of_pd_ml_import_no_torch(module: str) -> None:
    assert broken([module], HEAVY) == []


def test_lib_imports_no_dagster_and_no_training_library() -> None:
    assert broken(modules_of("pd_assets.lib"), ["dagster", *HEAVY]) == []


def test_the_site_imports_no_dagster_and_no_training_library() -> None:
    assert broken(modules_of("pd_assets.web"), ["dagster", *HEAVY]) == []


def test_lib_imports_nothing_of_the_rest_of_pd_assets() -> None:
    rest = [module for module in modules_of("pd_assets") if not within(module, ["pd_assets.lib"])]
    assert broken(modules_of("pd_assets.lib"), [name for name in rest if name != "pd_assets"]) == []


def test_the_local_site_knows_neither_dagster_nor_a_training_library() -> None:
    assert broken(modules_of("pd_assets.web"), ["dagster", *HEAVY]) == []


def test_the_reading_of_a_page_knows_nothing_of_who_reads_it() -> None:
    page = ["pd_assets.lib.page"]
    allowed = [*page, "pd_assets.lib.json_answers"]
    others = [name for name in sources() if not within(name, allowed) and name not in ("pd_assets", "pd_assets.lib")]
    assert broken(modules_of(*page), others, far=False) == []


def test_the_sandbox_knows_of_the_platform_only_its_errors() -> None:
    allowed = ["pd_assets.sandbox", "pd_assets.lib.errors"]
    others = [name for name in sources() if not within(name, allowed) and name not in ("pd_assets", "pd_assets.lib")]
    assert broken(modules_of("pd_assets.sandbox"), ["dagster", *HEAVY, *others], far=False) == []


def test_lib_imports_of_pd_ml_only_the_format_the_settings_and_the_provenance() -> None:
    allowed = {*TORCH_FREE, "pd_ml", "pd_ml.data"}
    others = [module for module in modules_of("pd_ml") if module not in allowed]
    assert broken(modules_of("pd_assets.lib"), others, far=False) == []


@pytest.mark.parametrize(("one", "other"), NOT_ONE_ANOTHER)
def test_archives_and_rights_do_not_import_one_another(one: str, other: str) -> None:
    assert broken(modules_of(one), [other]) == []


def test_rights_know_nothing_of_what_a_prior_system_said() -> None:
    assert broken(modules_of("pd_assets.lib.rights"), ["pd_assets.lib.prior"]) == []


def test_nothing_imports_the_definitions() -> None:
    assert broken(modules_of("pd_assets", "pd_ml"), ["pd_assets.definitions"], far=False) == []


def test_loading_the_definitions_imports_no_training_library() -> None:
    said = in_a_fresh_process("import pd_assets.definitions", ("torch", "diffusers", "transformers"))
    assert said == []


@pytest.mark.parametrize("module", TORCH_FREE)
def test_loading_formats_and_settings_of_pd_ml_imports_no_torch(module: str) -> None:
    assert in_a_fresh_process(f"import {module}", ("torch", "diffusers", "transformers", "dagster")) == []


def test_loading_the_command_line_imports_no_dagster_so_that_help_is_instant() -> None:
    assert in_a_fresh_process("import pd_assets.cli", ("dagster", "duckdb", "torch")) == []


def in_a_fresh_process(statement: str, libraries: tuple[str, ...]) -> list[str]:
    """Which of `libraries` a new interpreter has loaded after one statement."""
    asks = f"{statement}; import sys; print(*[name for name in {libraries!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# Rebuilt by the issue on storage, which takes it apart.
KNOWN_CIRCLE = {
    "pd_assets.lib.catalog.damage",
    "pd_assets.lib.catalog.table_files",
    "pd_assets.lib.catalog.tables",
    "pd_assets.lib.catalog.views",
    "pd_assets.lib.home",
    "pd_assets.lib.migrations",
    "pd_assets.lib.remote.working_copy",
}


def test_modules_import_one_another_in_no_circle_but_one_that_is_known() -> None:
    ours = {module for module in sources() if within(module, ["pd_assets", "pd_ml"])}
    direct = {module: imported(ast.walk(tree(module)), module) & ours for module in ours}
    below = {module: closure(module, direct) for module in ours}
    circles = {frozenset(other for other in below[module] if module in below[other]) for module in ours}
    assert {circle for circle in circles if len(circle) > 1} == {frozenset(KNOWN_CIRCLE)}


def closure(module: str, direct: Mapping[str, frozenset[str]]) -> set[str]:
    """What a module reaches through its imports, itself where it comes back to it."""
    seen: set[str] = set()
    waiting = list(direct[module])
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting += direct[name]
    return seen
