"""The same with real paintings: each comes back changed, among the others."""

from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.home import open_home
from pd_assets.lib.release.takedowns import Asked, resume, take_down_all
from tests.material import recorded
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.lib.release.coming_back import CHANGES, put

VICTIMS, OTHERS = 20, 200


@pytest.mark.extended
@pytest.mark.slow
def test_paintings_come_back_changed_and_are_refused_and_two_hundred_others_are_not(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    paths = sorted((recorded("art") / "images").glob("*.jpg"))[::11][: VICTIMS + OTHERS]
    files, back = {}, {}
    for number, path in enumerate(paths):
        with Image.open(path) as opened:
            opened.draft("RGB", (640, 640))
            picture = opened.convert("RGB")
        files[number] = put(home, number, encoded(picture, quality=95))
        if number < VICTIMS:
            for place, (change, made) in enumerate(CHANGES.items(), 1):
                again = 1000 * place + number
                back[f"commons:M{again}"] = (number, change)
                files[again] = put(home, again, made(picture))
    plant(home, ITEMS, [item(n) for n in range(len(paths))])
    plant(home, FILES, [files[n] for n in range(len(paths))])
    names = tuple(f"commons:M{n}" for n in range(VICTIMS))
    take_down_all(home, Asked(names=names, reason="a letter", purge=True, is_list=True))
    plant(home, ITEMS, [item(n) for n in files if n >= VICTIMS])
    plant(home, DECISIONS, [decision(n) for n in files if n >= VICTIMS])
    plant(home, FILES, [row for n, row in files.items() if n >= VICTIMS])
    resume(home, purges=False)
    found = {str(row["item_id"]) for row in tables.rows(tables.read(home, TAKEDOWNS))} - set(names)
    assert found - set(back) == set(), "no other painting is taken for one of them"
    missed = [back[one] for one in sorted(set(back) - found)]
    assert missed == []
