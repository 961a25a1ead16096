"""The code location against the contract that stands beside this repository."""

import pytest

from pd_assets.definitions import defs
from pd_assets.lib.museums.contract import MUSEUMS
from tests.conftest import ROOT

CONTRACT = ROOT.parent / "shared" / "design" / "ARCHITECTURE.md"


def test_every_asset_key_is_one_that_the_contract_names() -> None:
    if not CONTRACT.is_file():
        pytest.skip("the contract ../shared/design/ARCHITECTURE.md is not beside this repository")
    said = CONTRACT.read_text()
    keys = {"/".join(spec.key.path) for spec in defs.resolve_all_asset_specs()}
    assert "`<archive>/records`" in said
    of_archives = {f"{name}/records" for name in MUSEUMS}
    assert sorted(key for key in keys - of_archives if f"`{key}`" not in said) == []
