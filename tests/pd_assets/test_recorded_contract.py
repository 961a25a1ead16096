"""The code location against the contract that stands beside this repository."""

import pytest

from pd_assets.definitions import defs
from tests.conftest import ROOT

CONTRACT = ROOT.parent / "shared" / "design" / "ARCHITECTURE.md"


def test_every_asset_key_is_one_that_the_contract_names() -> None:
    if not CONTRACT.is_file():
        pytest.skip("the contract ../shared/design/ARCHITECTURE.md is not beside this repository")
    said = CONTRACT.read_text()
    keys = {"/".join(spec.key.path) for spec in defs.resolve_all_asset_specs()}
    assert sorted(key for key in keys if f"`{key}`" not in said) == []
