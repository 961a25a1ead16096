"""The documentation is tested: paths exist, commands have help, settings and rules are listed."""

import re
import subprocess
from pathlib import Path

import pytest

from pd_assets.cli import COMMANDS, build_parser, main
from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.setting_names import BY_NAME, as_markdown
from pd_assets.resources import Platform
from tests.conftest import ROOT

DOCS = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/map.md",
    "docs/LOG.md",
    "docs/parity.md",
    "docs/deploy.md",
    "docs/bundle.md",
    "docs/import-prior.md",
    "docs/marks.md",
    "docs/memorisation.md",
    "docs/release.md",
    "docs/rights.md",
    "docs/settings.md",
    "docs/testing.md",
]
LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("name", DOCS)
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    page = ROOT / name
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_every_test_that_the_parity_table_names_is_there() -> None:
    table = (ROOT / "docs/parity.md").read_text()
    rows = [line.split("|")[1:5] for line in table.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 56))
    for _, feature, here, shown in rows:
        assert here.strip(), feature
        folder = ROOT
        for path in re.findall(r"[\w/]*\w+\.py|tests/[\w/]+", shown):
            found = ROOT / path if path.startswith("tests/") else folder / path
            assert found.exists(), f"{feature}: {path}"
            folder = found.parent


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([], *([name] for name in commands())):
        with pytest.raises(SystemExit) as end:
            main([*command, "--help"])
        assert end.value.code == 0
        assert f"usage: {' '.join(('pdd', *command))} " in capsys.readouterr().out


def commands() -> list[str]:
    actions = [action for action in build_parser(*COMMANDS)._actions if action.dest == "command"]
    return sorted(str(name) for name in (actions[0].choices or ()))


def test_every_setting_of_the_platform_has_its_row_and_no_other() -> None:
    source = (ROOT / "pd_assets/lib/settings.py").read_text()
    names = set(re.findall(r'"(PD_[A-Z0-9_]+)"', source))
    assert len(names) >= 40
    assert names == set(BY_NAME)
    assert (ROOT / "docs/settings.md").read_text() == as_markdown(), "make goldens"
    readme = set(re.findall(r"^\| `(PD_[A-Z0-9_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert readme < names and len(readme) >= 8


def test_the_launchpad_offers_every_setting_that_is_no_secret_and_a_runs_own() -> None:
    offered = {name.upper() for name in Platform.model_fields if name.startswith("pd_")}
    secrets = {"PD_COMMONS_TOKEN", "PD_SMITHSONIAN_KEY", "PD_SMTP_USER", "PD_SMTP_PASSWORD", "PD_HUB_TOKEN"}
    of_machine = {
        *("PD_ALLOWED_HOSTS", "PD_CLEAN_ROOM", "PD_MARKS_KEY", "PD_MARKS_CHAIN", "PD_PROVIDER", "PD_SIGNING_KEY"),
        *("PD_DUCKDB_THREADS", "PD_DUCKDB_MEMORY_MB", "PD_DECODERS", "PD_HUB_ENDPOINT"),
    }
    assert offered == set(BY_NAME) - secrets - of_machine


def test_every_column_of_every_table_is_described() -> None:
    for table in TABLES.values():
        for name, (_, says) in table.columns.items():
            assert len(says) > 5, f"{table.key}.{name}"


def test_nothing_that_is_committed_names_a_private_place() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout: there is no list of committed files")
    words = ["/" + "work/", "/" + "root/", "index" + "-url", "pypi" + ".org"]
    texts = [ROOT / name for name in listed if Path(name).suffix in (".py", ".md", ".toml", ".txt", ".yaml", ".sh", "")]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in texts
        if path.is_file()
        for word in words
        if word in path.read_text(errors="ignore")
    ]
    assert found == []
