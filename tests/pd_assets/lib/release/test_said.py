"""What `release.json` says that the house knows beside the ledgers."""

import duckdb

from pd_assets.lib.release.said import CREDIT, THANKED


def test_of_labels_those_are_credited_that_no_page_names_the_author_of() -> None:
    labels = [
        ("PD-Diffusion __description by Jo by the Sea", "CC-BY-SA-4.0"),
        ("PD-Diffusion __label", "CC-BY-SA-4.0"),
        ("PD-Diffusion __label by Ann", "CC0-1.0"),
        ("PD-Diffusion created by hand", "CC-BY-SA-4.0"),
        ("wikitext description", "CC-BY-SA-4.0"),
    ]
    rows = ", ".join(f"({{'seen_in': '{seen_in}', 'licence': '{licence}'}})" for seen_in, licence in labels)
    found = duckdb.sql(f"select {CREDIT} from (values {rows}) as told(label) where {THANKED} order by 1").fetchall()
    assert found == [("",), ("Jo by the Sea",)]
