"""A home in a bucket that cannot be used says what is wrong and what to do."""

from pathlib import Path

import pytest

from pd_assets.cli import main
from pd_assets.lib.errors import ConfigError, RemoteError, RemoteUnreachable
from pd_assets.lib.home import open_home
from pd_assets.lib.remote.address import RemoteAddress
from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running.step import may_pass
from tests.s3_server import Store


def test_a_bucket_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(RemoteError, match=r"there is no bucket nowhere-1 at http://127.*; create it, or set PD_HOME"):
        open_home(RemoteAddress(**{**vars(store.address("one")), "bucket": "nowhere-1"}))


def test_a_command_says_so_in_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in {**store.settings("one"), "PD_HOME": "s3://nowhere-2/home"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "commons:M1"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "there is no bucket nowhere-2" in told


def test_failures_are_told_of_while_the_bucket_cannot_be_reached(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**store.settings("one"), "PD_S3_ENDPOINT": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    home = Platform().home_as_it_is()
    assert home.root.is_dir() and str(home.root).startswith(str(store.folder / "one"))


def test_missing_credentials_are_named(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    # Another address, so that no connection with the old credentials is used again.
    with pytest.raises(RemoteError, match=r"found no credentials .*AWS_ACCESS_KEY_ID"):
        open_home(RemoteAddress(**{**vars(store.address("one")), "endpoint": store.endpoint + "/"}))


@pytest.mark.extended
def test_an_endpoint_that_does_not_answer_may_do_so_later(store: Store) -> None:
    address = RemoteAddress(**{**vars(store.address("one")), "endpoint": "http://127.0.0.1:9"})
    with pytest.raises(RemoteUnreachable, match=r"http://127\.0\.0\.1:9 does not answer .*PD_S3_ENDPOINT") as caught:
        open_home(address)
    assert may_pass(caught.value)


def test_a_full_disk_is_named_with_the_setting(store: Store) -> None:
    store.objects.put("picture", b"some bytes", over=None)
    store.address("nobody").cache.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"no space left for the working copy .*PD_HOME_CACHE"):
        store.objects.download("picture", Path("/dev/full"))


def test_a_working_copy_that_cannot_be_written_is_named_with_the_setting(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"PD_HOME_CACHE=.* cannot be written .*; set PD_HOME_CACHE to a folder"):
        open_home(RemoteAddress(**{**vars(store.address("one")), "cache": tmp_path / "file"}))


@pytest.mark.parametrize(
    "url", ["gs://bucket/home", "s3://", "s3:///home", "s3://UPPER/home", "s3://bucket/a//b", "s3://bucket/../b"]
)
def test_a_url_that_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"PD_HOME=.*: expected a folder, or a bucket such as s3://bucket/prefix"):
        Settings.from_env({"PD_HOME": url})


def test_the_settings_of_a_home_in_a_bucket_are_read(tmp_path: Path) -> None:
    env = {
        "PD_HOME": "s3://pictures/a/home/",
        "PD_HOME_CACHE": str(tmp_path),
        "PD_S3_ENDPOINT": "http://127.0.0.1:9000",
        "PD_HOME_WAIT_S": "5",
        "PD_HOME_PUSH_S": "30",
    }
    home = Settings.from_env(env).home
    assert isinstance(home, RemoteAddress)
    assert (str(home), home.cache, home.endpoint) == ("s3://pictures/a/home", tmp_path, "http://127.0.0.1:9000")
    assert (home.wait_s, home.push_every_s) == (5, 30)
    elsewhere = Settings.from_env({**env, "PD_HOME": "s3://pictures/another"}).home
    assert isinstance(elsewhere, RemoteAddress) and elsewhere.working_copy != home.working_copy
