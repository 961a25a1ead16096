"""The real pictures beside this repository make an archive."""

from pd_assets.sandbox import Archive
from tests.material import recorded


def test_the_real_pictures_can_be_served() -> None:
    archive = Archive.from_folder(recorded("art"))
    assert len(archive.files()) > 2000
    assert sum(truth.free for truth in archive.truth().values()) > 2000
    first = archive.files()[0]
    assert archive.facts(first.versions[-1]).mime == "image/jpeg"
