"""The drawing page: from the form over the queue to a result that says what it is made of, also without scripts."""

import io
import re
import shutil
from collections.abc import Iterator
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pd_assets.lib.drawing.desk import Desk
from pd_assets.lib.drawing.kept import DRAWING
from pd_assets.lib.guard import guard
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.settings import Settings
from pd_assets.web import draw
from pd_assets.web.served import served
from pd_ml.provenance import TRAIN_CONFIG, read_run
from tests.patience import until
from tests.pd_assets.lib.drawing import drawer
from tests.pd_assets.lib.drawing.planted import DATASET, VERSION, picture, plant_dataset, plant_model, plant_pictures
from tests.pd_assets.lib.drawing.test_resembling import Found
from tests.pd_ml.conftest import dataset, latent_models, models, upscaler

__all__ = ["dataset", "latent_models", "models", "upscaler"]
OWN = "http://127.0.0.1"
ORIGIN = {"Origin": OWN}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    plant_model(home)
    plant_dataset(home)
    plant_pictures(home, 1, 2)
    return home


@pytest.fixture
def desk(home: Home, tmp_path: Path) -> Iterator[Desk]:
    with Desk(home, command=partial(drawer.command, tmp_path / "requests"), most_waiting=2) as desk:
        yield desk


def browse(home: Home, desk: Desk, near: Found | None = None) -> TestClient:
    """The page behind the guard, as site.py has it."""
    own = served(home, Settings.from_env())
    app = Starlette(
        routes=draw.routes(own, desk, lambda version: near if version == DATASET else None),
        middleware=guard(policy="default-src 'self'"),
    )
    return TestClient(app, base_url=OWN)


@pytest.fixture
def client(home: Home, desk: Desk) -> TestClient:
    return browse(home, desk)


def order(client: TestClient, *, upload: bytes = b"", **fields: str) -> str:
    """The address of the drawing that a form asks for."""
    files = {"picture": ("a picture", upload, "image/png")} if upload else {"none": ("", b"")}
    answer = client.post("/draw", data=fields, files=files, headers=ORIGIN, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def result(client: TestClient, address: str) -> str:
    """The part of a drawing once it is ended."""
    until(lambda: "every 1s" not in client.get(f"{address}/part").text)
    return client.get(f"{address}/part").text


def again(part: str) -> str:
    """The address that draws it again."""
    found = re.search(r'class="button" href="([^"]*)">Draw it again', part)
    assert found is not None
    return unescape(found[1])


def pixels(client: TestClient, address: str, number: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    with Image.open(io.BytesIO(client.get(f"{address}/{number}.png").content)) as opened:
        return np.asarray(opened)


def test_the_form_has_the_models_a_new_seed_and_what_an_address_says(client: TestClient) -> None:
    page = client.get("/draw").text
    assert f'value="unet_text/{VERSION}" selected' in page and "learnt from 4 pictures" in page
    seeds = {re.search(r'name="seed" value="(\d+)"', client.get("/draw").text)[1] for _ in range(3)}  # type: ignore[index]
    assert len(seeds) == 3
    page = client.get("/draw", params={"prompt": 'a "boat" <b>', "seed": "7", "steps": "3"}).text
    assert "a &#34;boat&#34; &lt;b&gt;" in page and 'name="seed" value="7"' in page and "<b>" not in page
    assert "no model here is called &#39;gone&#39;" in client.get("/draw?model=gone").text


def test_a_picture_is_drawn_and_says_all_that_draws_it_again(client: TestClient) -> None:
    address = order(client, prompt="a painting: zebra", seed="9", n="2", steps="3")
    told = result(client, address)
    assert "The model never learnt <strong>zebra</strong>" in told and "<strong>painting</strong>" not in told
    assert told.count("<img") == 2 and "3 steps" in told and VERSION in told
    page = client.get(again(told)).text
    assert "a painting: zebra</textarea>" in page and 'name="steps" value="3"' in page
    download = client.get(f"{address}/1.png?download")
    assert download.headers["content-disposition"] == f'attachment; filename="unet_text-{VERSION[:8]}-seed9-1.png"'
    assert f'href="{address}"' in client.get("/draw").text, "it stands among what was drawn lately"


def test_two_at_once_stand_in_a_queue_that_says_where_and_one_may_leave_it(client: TestClient, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = order(client, prompt=f"wait:{gate}")
    until(lambda: "Step 1 of 2" in client.get(f"{first}/part").text)
    second, third = order(client, prompt="a tree"), order(client, prompt="a house")
    page = client.get(third).text
    assert "It waits: 2 before you." in page
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page, "it moves without scripts too"
    full = client.post("/draw", data={"prompt": "one more"}, headers=ORIGIN)
    assert full.status_code == 503 and "2 drawings wait already" in full.text and "one more</textarea>" in full.text
    assert client.post(f"{second}/cancel").status_code == 415, "a form of another page cancels nothing"
    assert client.post(f"{second}/cancel", headers=ORIGIN).url.path == second
    gate.touch()
    assert "It was cancelled." in result(client, second)
    assert "Drawn in" in result(client, third)
    assert "refresh" not in client.get(third).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"prompt": "word " * 10_000}, "10,000 words"),
        ({"steps": "1000000000"}, "from 1 to 1,000"),
        ({"guidance": "nan"}, "from 0 to 50"),
        ({"seed": str(2**70)}, "from 0 to"),
        ({"model": "unet_text/gone"}, "no model here is called"),
        ({"brush": "data:text/html;base64,AAAA"}, "the mask is none"),
        ({"brush": "data:image/png;base64,AAAA"}, "the mask cannot be read"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_drawn_is_said_and_the_form_keeps_what_was_typed(
    client: TestClient, fields: dict[str, str], said: str
) -> None:
    answer = client.post("/draw", data={"prompt": "a boat", "negative_prompt": "fog", **fields}, headers=ORIGIN)
    assert answer.status_code == 422 and said in answer.text and 'role="alert"' in answer.text
    kept = [value for name, value in fields.items() if name in ("steps", "guidance", "seed")]
    assert 'value="fog"' in answer.text and all(f'value="{value}"' in answer.text for value in kept)
    assert fields.get("prompt", "a boat").strip()[:20] in answer.text


def test_a_start_that_is_no_picture_is_refused_and_too_large_a_one_before_it_is_read(client: TestClient) -> None:
    sent = {"picture": ("a.jpg", b"<html>", "image/jpeg")}
    answer = client.post("/draw", data={"prompt": "a boat"}, files=sent, headers=ORIGIN)
    assert answer.status_code == 422 and "the start picture cannot be read" in answer.text
    large = {**ORIGIN, "Content-Length": str(10**10), "Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/draw", content=b"--x--", headers=large)
    assert answer.status_code == 413


def test_an_upload_one_of_ours_and_a_result_are_begun_with(client: TestClient, tmp_path: Path) -> None:
    upload = order(client, prompt="a boat", upload=picture((300, 200)), left="0", top="0", across="50", down="100")
    assert "a picture that was given" in result(client, upload) and "only a marked part" in result(client, upload)
    ours = order(client, prompt="a boat", start="M1", strength="0.3")
    assert 'href="/pictures/commons:M1"' in result(client, ours)
    told = result(client, order(client, prompt="a boat", start=f"drawn:{ours.rpartition('/')[2]}/0"))
    assert "a result drawn before" in told
    asked = drawer.requests(tmp_path / "requests")
    draws = [request for request in asked if request["do"] == "draw"]
    assert [(bool(one["image"]), bool(one["mask"]), one["strength"]) for one in draws] == [
        (True, True, 1.0), (True, False, 0.3), (True, False, 0.6),
    ]  # fmt: skip
    assert client.get("/draw/start?start=M1&width=16&height=16").headers["content-type"] == "image/png"
    assert client.get("/draw/start?start=M77&width=16&height=16").status_code == 404


def test_what_holds_for_a_picture_that_was_given_holds_for_all_that_is_made_of_it(
    home: Home, client: TestClient
) -> None:
    plant_model(home, "super_resolution", version="5" * 16)
    address = order(client, prompt="a boat", upload=picture((300, 200)))
    told = [result(client, address)]
    told.append(result(client, order(client, prompt="a boat", start=f"drawn:{address.rpartition('/')[2]}/0")))
    larger = client.post(f"{address}/0/enlarge", headers=ORIGIN, follow_redirects=False).headers["location"]
    told.append(result(client, larger))
    told.append(result(client, order(client, prompt="a boat")))
    held = ["Whatever holds for the picture that was given still holds" in one for one in told]
    assert held == [True, True, True, False]
    assert "until 200 newer ones were given" in client.get("/draw").text


def test_a_result_is_made_larger_where_a_model_does_that(home: Home, client: TestClient) -> None:
    address = order(client, prompt="a boat")
    assert "Make it larger" not in result(client, address)
    plant_model(home, "super_resolution", version="5" * 16)
    assert "Make it larger" in result(client, address)
    larger = client.post(f"{address}/0/enlarge", headers=ORIGIN, follow_redirects=False).headers["location"]
    assert "a result drawn before" in result(client, larger)
    assert pixels(client, larger).shape == (64, 64, 3)


def test_what_it_resembles_is_told_with_credit_and_what_was_taken_down_is_not_shown(home: Home, desk: Desk) -> None:
    take_down(home, "commons:M2", reason="asked for")
    plant_model(home, "clip", version="c" * 16)
    client = browse(home, desk, Found([("commons:M1", 0.015), ("commons:M2", 0.1)]))
    address = order(client, prompt="a boat with vectors")
    result(client, address)
    about = client.get(f"{address}/0/about", headers={"hx-request": "true"}).text
    assert "Very close to a picture that was trained on" in about and "Closer than 95 of 100" in about
    assert "A. Painter, 1742, Wikimedia Commons" in about and 'src="/thumb/commons:M1"' in about
    assert "taken down" in about and "/thumb/commons:M2" not in about
    assert "<h1>" in client.get(f"{address}/0/about").text, "without scripts it is a page"


def test_why_nothing_is_compared_is_said_as_it_is(home: Home, desk: Desk) -> None:
    plant_model(home, "clip", version="c" * 16)
    client = browse(home, desk)
    address = order(client, prompt="a boat with vectors")
    result(client, address)
    about = f"{address}/0/about"
    assert f"the model learnt from dataset {DATASET}, and no dataset is here now" in client.get(about).text
    home.dataset("main", "e" * 16).mkdir()
    home.point("dataset", "main", "latest", "e" * 16)
    assert f"the model learnt from dataset {DATASET}, and the dataset here is {'e' * 16}" in client.get(about).text


def test_where_the_captions_are_gone_nobody_can_tell_which_words_were_learnt(home: Home, desk: Desk) -> None:
    shutil.rmtree(home.dataset("main", DATASET))
    said = browse(home, desk).get("/draw/words", params={"prompt": "a zebra"}).text
    assert "cannot be told" in said and "never learnt" not in said


def test_a_model_whose_configs_are_those_of_another_version_is_not_offered(home: Home, client: TestClient) -> None:
    assert f'value="unet_text/{VERSION}"' in client.get("/draw").text
    config = home.model("unet_text", VERSION) / TRAIN_CONFIG
    config.write_text(config.read_text().replace("{", '{"hologram": 3, ', 1))
    page = client.get("/draw").text
    assert f'value="unet_text/{VERSION}"' not in page and "hologram" in page


def test_what_another_site_draws_is_not_cancelled_here_and_a_full_queue_enlarges_nothing(
    home: Home, desk: Desk, client: TestClient, tmp_path: Path
) -> None:
    plant_model(home, "super_resolution", version="5" * 16)
    drawn = order(client, prompt="a boat")
    result(client, drawn)
    first, *_ = [order(client, prompt=f"wait:{tmp_path / 'never'}") for _ in range(3)]
    assert client.post(f"{drawn}/0/enlarge", headers=ORIGIN).status_code == 503
    with Desk(home, command=partial(drawer.command, tmp_path / "other")) as other:
        refused = browse(home, other).post(f"{first}/cancel", headers=ORIGIN)
        assert refused.status_code == 409 and "Another site" in refused.text
    assert desk.read(first.rpartition("/")[2]).state == DRAWING  # type: ignore[union-attr]


def test_a_result_of_a_picture_that_was_taken_down_is_not_shown_any_more(home: Home, client: TestClient) -> None:
    address = order(client, prompt="a boat", start="M1")
    assert "<img" in result(client, address)
    take_down(home, "commons:M1", reason="asked for")
    assert "taken down since" in client.get(f"{address}/part").text and "<img" not in client.get(f"{address}/part").text
    assert client.get(f"{address}/0.png").status_code == 410
    assert address not in client.get("/draw").text, "nor does it stand among what was drawn lately"


def test_a_home_without_models_says_which_command_makes_one(tmp_path: Path) -> None:
    home = open_home(tmp_path / "empty")
    with Desk(home) as desk:
        client = browse(home, desk)
        assert "pdd run train_models" in client.get("/draw").text
        refused = client.post("/draw", data={"prompt": "a boat"}, headers=ORIGIN)
    assert refused.status_code == 422 and "make demo" in refused.text


def test_a_home_that_may_not_be_written_is_drawn_from_and_stays_as_it_is(home: Home, tmp_path: Path) -> None:
    before = sorted(home.root.rglob("*"))
    asked = open_home(home.root, to_ask=True)
    with Desk(asked, command=partial(drawer.command, tmp_path / "requests")) as desk:
        client = browse(asked, desk)
        assert "<img" in result(client, order(client, prompt="a zebra"))
    assert sorted(home.root.rglob("*")) == before


def test_a_drawing_that_is_not_kept_any_more_is_a_404(client: TestClient) -> None:
    many = "9" * 5_000
    gone = ("/draw/20260101-000000000000-00000000", "/draw/..%2f..", "/draw/x/part", "/draw/x/0.png")
    for path in (*gone, f"/draw/x/{many}.png", f"/draw/x/{many}/about"):
        assert client.get(path).status_code == 404


def given(home: Home, trained: Path, *stages: str) -> None:
    """The home has these trained models, each in use."""
    for stage in stages:
        version = read_run(trained / stage).version
        home.model(stage, version).parent.mkdir(parents=True)
        home.model(stage, version).symlink_to(trained / stage)
        home.point("models", stage, "latest", version)


def test_the_same_words_seed_and_settings_give_the_same_picture(tmp_path: Path, models: Path, dataset: Path) -> None:
    home = open_home(tmp_path / "home")
    given(home, models, "clip", "unet_text")
    with Desk(home) as desk:
        client = browse(home, desk)
        first = order(client, prompt="a house under an orange sky", seed="4", n="2")
        assert "Drawn in" in result(client, first)
        second = order(client, **dict(parse_qsl(urlsplit(again(client.get(f"{first}/part").text)).query)))
        result(client, second)
        assert [np.array_equal(pixels(client, first, n), pixels(client, second, n)) for n in (0, 1)] == [True, True]
        about = client.get(f"{first}/1/about", headers={"hx-request": "true"}).text
        assert "Content credentials found" in about, about
        assert "XMP found: made by Public-Domain Diffusion unet_text" in about
        drawing = desk.read(first.rpartition("/")[2])
        assert drawing is not None and len(drawing.vectors) == 2 and len(drawing.vectors[0]) == 8


def test_a_latent_model_draws_on_the_page_from_words_and_from_a_picture_and_its_result_is_enlarged(
    tmp_path: Path, latent_models: Path, upscaler: Path
) -> None:
    home = open_home(tmp_path / "home")
    given(home, latent_models, "clip", "latent_diffusion", "super_resolution")
    with Desk(home) as desk:
        client = browse(home, desk)
        first = order(client, prompt="a house under an orange sky", seed="4", steps="4")
        assert "Drawn in" in result(client, first)
        start = client.get(f"{first}/0.png").content
        begun = order(client, prompt="a house", seed="4", steps="4", strength="0.5", upload=start)
        assert "Drawn in" in result(client, begun)
        larger = client.post(f"{first}/0/enlarge", headers=ORIGIN, follow_redirects=False).headers["location"]
        assert "Drawn in" in result(client, larger)
        assert [pixels(client, one).shape for one in (first, begun, larger)] == [(16, 16, 3), (16, 16, 3), (64, 64, 3)]
        assert not np.array_equal(pixels(client, first), pixels(client, begun))
        about = client.get(f"{larger}/0/about", headers={"hx-request": "true"}).text
        assert "Content credentials found" in about, about
