"""The queue before a real child process that speaks the protocol: order, bounds, cancelling, deaths, restarts."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from pd_assets.lib.drawing.desk import Desk, DeskFull
from pd_assets.lib.drawing.kept import CANCELLED, DRAWN, FAILED, INTERRUPTED, Drawing, Kept
from pd_assets.lib.drawing.server import DrawingFailed
from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.takedowns import take_down
from tests.patience import until
from tests.pd_assets.lib.drawing import drawer
from tests.pd_assets.lib.drawing.planted import picture, plant_pictures

Open = Callable[..., Desk]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    home.model("unet_text", "v1").mkdir(parents=True)
    return home


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "requests"


@pytest.fixture
def open_desk(home: Home, log: Path) -> Iterator[Open]:
    opened: list[Desk] = []

    def open_one(**settings: object) -> Desk:
        opened.append(Desk(home, command=partial(drawer.command, log), **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.close()


def wish(prompt: str, **more: object) -> Wish:
    return Wish(stage="unet_text", version="v1", prompt=prompt, width=8, height=8, **more)  # type: ignore[arg-type]


def ended(desk: Desk, drawing: Drawing) -> Drawing:
    found = until(lambda: (now := desk.read(drawing.id)) and now.is_ended and now)
    assert isinstance(found, Drawing)
    return found


def begun(desk: Desk, drawing: Drawing) -> None:
    until(lambda: (standing := desk.standing(drawing.id)) and standing.steps)


def test_drawings_are_drawn_one_at_a_time_in_their_order_and_say_how_many_are_before_them(
    open_desk: Open, log: Path, tmp_path: Path
) -> None:
    desk, gate = open_desk(), tmp_path / "gate"
    first = desk.order(wish(f"wait:{gate}"))
    begun(desk, first)
    second, third = desk.order(wish("a boat")), desk.order(wish("a tree", seed=7, n=2))
    now = [desk.standing(one.id) for one in (first, second, third)]
    assert [(one.is_drawing, one.before) for one in now if one] == [(True, 0), (False, 1), (False, 2)]
    assert now[0] is not None and (now[0].step, now[0].steps) == (1, 2)
    gate.touch()
    drawn = ended(desk, third)
    assert drawer.prompts(log) == [f"wait:{gate}", "a boat", "a tree"]
    assert (drawn.state, drawn.size, len(drawn.files)) == (DRAWN, (8, 8), 2)
    assert desk.standing(third.id) is None and desk.waiting() == 0
    path = desk.kept.picture(third.id, 1)
    assert path is not None and Image.open(path).getpixel((0, 0)) == (7, 1, 0)


def test_one_that_waits_and_one_that_is_drawn_are_cancelled_and_the_others_go_on(
    open_desk: Open, log: Path, tmp_path: Path
) -> None:
    desk = open_desk()
    first = desk.order(wish(f"wait:{tmp_path / 'never'}"))
    begun(desk, first)
    second, third = desk.order(wish("not this")), desk.order(wish("this"))
    assert desk.cancel(second.id) and desk.cancel(first.id)
    assert [ended(desk, one).state for one in (first, second, third)] == [CANCELLED, CANCELLED, DRAWN]
    assert drawer.prompts(log) == [f"wait:{tmp_path / 'never'}", "this"]
    assert not desk.cancel(third.id), "it is drawn already"


def test_a_child_that_dies_costs_the_request_that_killed_it_and_no_other(open_desk: Open) -> None:
    desk = open_desk()
    ordered = [desk.order(wish(prompt)) for prompt in ("die", "refuse", "crash", "kill", "a boat")]
    found = [ended(desk, one) for one in ordered]
    assert [one.state for one in found] == [FAILED] * 4 + [DRAWN]
    assert found[2].error == "the model could not draw this (IndexError: index 1000 is out of bounds)"
    assert "SIGKILL, by somebody, or by the kernel where memory ran out" in found[3].error
    assert "exit 3" in found[0].error and "it ran out of paint" in found[0].error
    assert found[1].error == "I do not draw that"


def test_a_model_that_is_gone_or_a_child_that_cannot_start_is_told(open_desk: Open, home: Home) -> None:
    desk = open_desk()
    gone = ended(desk, desk.order(Wish(stage="unet_text", version="v2", prompt="a boat", width=8, height=8)))
    assert (gone.state, gone.error) == (FAILED, "unet_text v2 is not here any more; choose another model")
    with Desk(home, command=lambda: ("/no/such/program",)) as other:
        assert "cannot start" in ended(other, other.order(wish("a boat"))).error


def test_a_clip_that_cannot_be_used_costs_the_comparison_alone(open_desk: Open, home: Home, log: Path) -> None:
    home.model("clip", "broken").mkdir(parents=True)
    home.point("models", "clip", "latest", "broken")
    desk = open_desk()
    drawn = ended(desk, desk.order(wish("a boat")))
    assert (drawn.state, drawn.vectors, drawn.clip_version) == (DRAWN, (), "")
    assert "cannot be told" in drawn.warnings[0] and "no run.json" in drawn.warnings[0]
    assert [bool(request["clip"]) for request in drawer.requests(log)] == [True, False]


def test_no_more_than_so_many_wait(open_desk: Open, tmp_path: Path) -> None:
    desk = open_desk(most_waiting=2)
    first = desk.order(wish(f"wait:{tmp_path / 'never'}"))
    begun(desk, first)
    waiting = [desk.order(wish(prompt)) for prompt in ("one", "two")]
    with pytest.raises(DeskFull, match="2 drawings wait already"):
        desk.order(wish("three"))
    assert desk.cancel(waiting[0].id)
    assert not desk.order(wish("three")).is_ended, "there is room again"


def test_what_a_killed_site_was_at_lies_beside_the_results_and_goes_with_them(
    open_desk: Open, log: Path, tmp_path: Path
) -> None:
    desk = open_desk()
    (tmp_path / "start.png").write_bytes(picture((8, 8)))
    given = desk.kept.give((tmp_path / "start.png").read_bytes(), original=b"as it was given")
    drawing = desk.order(wish(f"wait:{tmp_path / 'never'}", start=f"given:{given}"))
    begun(desk, drawing)
    (request,) = drawer.requests(log)
    original = Path(str(request["given"]))
    assert original.read_bytes() == b"as it was given", "whose marks tell what the result is made of"
    assert original.parent.parent == Path(str(request["image"])).parent.parent == desk.kept.folder(drawing.id)


def test_what_is_taken_down_while_it_is_drawn_from_leaves_no_result(
    open_desk: Open, home: Home, tmp_path: Path
) -> None:
    plant_pictures(home, 1)
    desk, gate = open_desk(), tmp_path / "gate"
    drawing = desk.order(wish(f"wait:{gate}", start="picture:commons:M1"))
    begun(desk, drawing)
    take_down(home, "commons:M1", reason="asked for")
    gate.touch()
    found = ended(desk, drawing)
    assert found.state == FAILED and "commons:M1, which was taken down since" in found.error
    assert not list(desk.kept.folder(drawing.id).glob("*.png"))


def test_only_the_last_results_are_kept(open_desk: Open, home: Home) -> None:
    desk = open_desk(kept=Kept(home.root / "drawn", 2))
    drawn = [ended(desk, desk.order(wish(prompt))) for prompt in ("one", "two", "three")]
    desk.kept.prune(is_at_work=desk.is_at_work)
    assert desk.kept.names() == [drawn[2].id, drawn[1].id]
    assert [desk.kept.picture(one.id, 0) is not None for one in drawn] == [False, True, True]


def test_results_outlive_the_site_and_what_waited_says_that_it_was_interrupted(open_desk: Open, tmp_path: Path) -> None:
    desk = open_desk()
    done = ended(desk, desk.order(wish("a boat", seed=3)))
    under_way = desk.order(wish(f"wait:{tmp_path / 'never'}"))
    begun(desk, under_way)
    waits = desk.order(wish("a tree"))
    desk.close()
    again = open_desk()
    assert again.read(done.id) == done
    states = [found.state for one in (under_way, waits) if (found := again.read(one.id))]
    assert states == [INTERRUPTED, INTERRUPTED]
    assert list(again.kept.latest(5)) == [done]


def test_vectors_are_had_before_what_waits_to_be_drawn(open_desk: Open, home: Home, log: Path, tmp_path: Path) -> None:
    desk, gate = open_desk(), tmp_path / "gate"
    begun(desk, desk.order(wish(f"wait:{gate}")))
    waits = desk.order(wish("a tree"))
    found: list[object] = []
    asking = Thread(target=lambda: found.append(desk.embed_texts(home.model("clip", "c"), ["sea", "sky"])))
    asking.start()
    until(lambda: desk.standing(waits.id) is not None and len(desk._embeddings) == 1)
    with pytest.raises(DrawingFailed, match="somebody draws just now; try again"):
        desk.embed(home.model("clip", "c"), texts=["never mind"], patience_s=0.0)
    gate.touch()
    asking.join()
    ended(desk, waits)
    assert found == [((1.0, 0.0), (1.0, 0.0))]
    assert [request["do"] for request in drawer.requests(log)] == ["draw", "embed", "draw"]


def test_while_somebody_draws_no_more_than_two_searches_wait(open_desk: Open, home: Home, tmp_path: Path) -> None:
    desk, gate, clip = open_desk(), tmp_path / "gate", home.model("clip", "c")
    begun(desk, desk.order(wish(f"wait:{gate}")))
    asking = [Thread(target=lambda: desk.embed(clip, texts=["sea"], patience_s=60.0)) for _ in range(2)]
    for one in asking:
        one.start()
    until(lambda: len(desk._embeddings) == 2)
    with pytest.raises(DrawingFailed, match="somebody draws just now; try again"):
        desk.embed(clip, texts=["one too many"], patience_s=3600.0)
    gate.touch()
    for one in asking:
        one.join()


def test_another_site_on_the_home_neither_calls_it_interrupted_nor_cancels_it(open_desk: Open, tmp_path: Path) -> None:
    desk, other = open_desk(), open_desk()
    under_way = desk.order(wish(f"wait:{tmp_path / 'never'}"))
    begun(desk, under_way)
    waits = desk.order(wish("a tree"))
    for one in (under_way, waits):
        found = other.read(one.id)
        assert found is not None and not found.is_ended
        assert other.is_elsewhere(one.id) and not desk.is_elsewhere(one.id) and not other.cancel(one.id)
    desk.close()
    assert [found.state for one in (under_way, waits) if (found := other.read(one.id))] == [INTERRUPTED] * 2


def test_a_failure_that_cannot_be_written_is_told_all_the_same(open_desk: Open, tmp_path: Path) -> None:
    desk, gate = open_desk(), tmp_path / "gate"
    drawing = desk.order(wish(f"wait:{gate}"))
    begun(desk, drawing)
    folder = desk.kept.folder(drawing.id)
    folder.rename(tmp_path / "away")
    folder.write_text("no folder: what draws cannot write, and nor can the desk")
    gate.touch()
    found = ended(desk, drawing)
    assert found.state == FAILED and "ended over this" in found.error


def test_what_was_made_larger_has_a_vector_too(open_desk: Open, home: Home) -> None:
    for stage in ("clip", "super_resolution"):
        home.model(stage, "s").mkdir(parents=True)
        home.point("models", stage, "latest", "s")
    desk = open_desk()
    small = ended(desk, desk.order(wish("a boat")))
    larger = Wish(stage="super_resolution", version="s", start=f"drawn:{small.id}/0", is_enlarging=True)
    found = ended(desk, desk.order(larger))
    assert (found.state, found.vectors, found.clip_version) == (DRAWN, ((1.0, 0.0),), "s")


def test_a_child_that_nobody_needs_is_ended_and_another_comes_when_one_does(open_desk: Open) -> None:
    desk = open_desk(idle_s=0.05)
    ended(desk, desk.order(wish("one")))
    until(lambda: not desk._server.is_running)
    assert ended(desk, desk.order(wish("two"))).state == DRAWN


def test_what_was_kept_of_another_version_or_by_another_name_is_no_drawing(home: Home) -> None:
    kept = Kept.of(home)
    drawing = kept.new(wish("a boat"))
    file = kept.folder(drawing.id) / "drawing.json"
    file.write_text(file.read_text().replace('"format_version": 1', '"format_version": 2'))
    assert [kept.read(name) for name in (drawing.id, "../../etc", "", "20260101-000000000000-00000000")] == [None] * 4


def test_a_home_that_may_not_be_written_keeps_drawings_elsewhere(home: Home, tmp_path: Path) -> None:
    asked = open_home(home.root, to_ask=True)
    assert not Kept.of(asked).root.is_relative_to(home.root)
