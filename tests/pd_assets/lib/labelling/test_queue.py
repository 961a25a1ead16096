"""Which pictures a person is shown to label."""

from pathlib import Path

from pd_assets.lib.catalog.schemas import FILES, ITEMS, LICENSED, PAGES
from pd_assets.lib.home import open_home
from pd_assets.lib.labelling.queue import pick
from pd_assets.lib.labelling.work import LabellingWork, labelled_before
from tests.pd_assets.lib.planting import file, item, licensed, page, plant


def test_what_somebody_labelled_is_not_asked_for_again(tmp_path: Path) -> None:
    home, numbers = open_home(tmp_path), (1, 2, 3)
    plant(home, PAGES, [page(number, "A") for number in numbers], partition="A")
    plant(home, ITEMS, [item(number, partitions=["A"]) for number in numbers])
    plant(home, FILES, [file(number) for number in numbers])
    plant(home, LICENSED, [licensed(number, title="A", page_url="https://archive.test") for number in numbers])
    queue = pick(home)
    assert sorted(one.pageid for one in queue) == [1, 2, 3]
    work = LabellingWork(
        home=home,
        queue=queue,
        reread=lambda picture: page(picture.pageid, "A", mediainfo='{"labels": {"en": {"value": "A barn"}}}'),
    )
    assert work.done()
    work.next()
    work.skip()
    assert labelled_before(home) == [queue[0].item_id]
    left = pick(home, but=labelled_before(home))
    assert sorted(one.item_id for one in left) == sorted(one.item_id for one in queue[1:])
