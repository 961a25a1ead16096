"""The recorded lines of the museum come out as their sources say."""

from urllib.parse import unquote

from tests.material import recorded
from tests.pd_assets.lib.smithsonian.rows import by_record, rows_in, usable_media


def test_the_recorded_records_come_out_as_their_sources_say() -> None:
    rows = rows_in(recorded("smithsonian/sample_edan_lines.txt"))
    assert usable_media(rows) == {
        "chndm_1931-66-88": 1,
        "nasm_A19710896000": 6,
        "nmnhvz_14800560": 1,
        "fsg_F1900.47": 4,
        "nmah_1448973": 0,
        "ofeo-sg_2012-1080A": 2,
    }
    records = by_record(rows)
    (puppet,) = records["nmah_1448973"]
    assert (puppet["problem"], puppet["title"], puppet["file_url"]) == ("no_media", "Bert Puppet", None)
    assert {row["usage_access"] for row in records["ofeo-sg_2012-1080A"]} == {None}
    god = records["fsg_F1900.47"][0]
    assert (god["names"], god["object_rights"]) == (["Artist: Katsushika Hokusai 葛飾北斎 (1760-1849)"], ["CC0"])
    assert (god["dates"], god["metadata_usage_access"]) == (["1847", "Edo period"], "CC0")
    bird = records["nmnhvz_14800560"][0]
    assert str(bird["item_id"]).count(":") == 2, "an id that is an address is encoded"
    assert (
        unquote(str(bird["item_id"]).split(":")[2])
        == bird["media_id"]
        == "https://collections.nmnh.si.edu/media/?irn=15814382"
    )


def test_no_recorded_medium_is_asked_for_as_a_tiff() -> None:
    rows = [row for row in rows_in(recorded("smithsonian/sample_edan_lines.txt")) if row["file_url"]]
    assert len(rows) == 14
    assert not [row for row in rows if str(row["file_url"]).endswith(".tif")]
    assert all(str(row["file_url"]).startswith("https://") for row in rows)
