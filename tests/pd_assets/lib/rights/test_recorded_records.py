"""The recorded records of the museum are decided as their notes say."""

from tests.material import recorded
from tests.pd_assets.lib.rights.golden import strict_verdicts


def test_the_recorded_records_are_decided_as_their_notes_say() -> None:
    folder = recorded("smithsonian")
    verdicts = strict_verdicts(folder / "sample_edan_lines.txt", folder / "transcribed")
    assert verdicts.pop("chndm_1931-66-88") == {"accept"}, "one medium and its text are CC0, drawn 1825-1840"
    assert verdicts.pop("nasm_A19710896000") == {"accept"}, "six CC0 media of an engine"
    assert verdicts.pop("nmnhvz_14800560") == {"accept"}, "a CC0 medium of a bird"
    assert verdicts.pop("fsg_F1900.47") == {"accept"}, "four CC0 media of a painting of 1847"
    assert set().union(*verdicts.values()) == {"reject"}, "no usage, no media, no type: refused"
    assert len(verdicts) >= 2
