"""The code location against the contract that stands beside this repository."""

import pytest

from pd_assets.definitions import defs
from tests.conftest import ROOT

CONTRACT = ROOT.parent / "shared" / "design" / "ARCHITECTURE.md"


def test_every_asset_key_is_one_that_the_contract_names() -> None:
    """All but drift log, takedowns, clusters of copies and names of things, which came after the contract."""
    if not CONTRACT.is_file():
        pytest.skip("the contract ../shared/design/ARCHITECTURE.md is not beside this repository")
    said = CONTRACT.read_text()
    keys = {"/".join(spec.key.path) for spec in defs.resolve_all_asset_specs()}
    later = ["catalog/clusters", "dataset/things", "rights/changes", "rights/takedowns"]
    assert sorted(key for key in keys if f"`{key}`" not in said) == later
