"""The PD_* variables: every one is read, every mistake is named, and nobody asks a live archive anonymously."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.settings import (
    COMMONS_API,
    DEFAULT_ROOTS,
    Settings,
    category_name,
    is_loopback,
    require_contact,
    unknown_variables,
)

EVERY_VARIABLE = {
    "PD_HOME": "elsewhere/home",
    "PD_BUCKETS": "16",
    "PD_CONTACT": "curator@museum.test",
    "PD_COMMONS_API": "http://127.0.0.1:8080/w/api.php",
    "PD_COMMONS_TOKEN": "secret-token",
    "PD_COMMONS_ROOTS": "Category:One; two_words;Two words;",
    "PD_COMMONS_DEPTH": "0",
    "PD_COMMONS_EXCLUDE": "Bad",
    "PD_WIKIDATA_API": "http://127.0.0.1:8081/w/api.php",
    "PD_ARCHIVE_HOSTS": "media.museum.test; nas:8080",
    "PD_SMITHSONIAN_INDEX": "copies/edan",
    "PD_SMITHSONIAN_KEY": "secret-key",
    "PD_CLEVELAND_INDEX": "/data/cleveland",
    "PD_SMITHSONIAN_UNITS": "FSG; chndm,FSG",
    "PD_RIGHTS_PROFILE": "life70",
    "PD_FRESH_DAYS": "7",
    "PD_STALE_DAYS": "21",
    "PD_LABELS": "cc0",
    "PD_LANGUAGE": "pt-BR",
    "PD_MAX_SIDE": "512",
    "PD_RECIPE": "debug",
    "PD_WARM_START": "1",
    "PD_RETRAIN_AFTER": "25",
    "PD_RETRAIN_LATENT": "1",
    "PD_TAKEDOWN_POLICY": "retrain",
    "PD_SCRAPE_CRON": "15 3 * * 1-5",
    "PD_SCRAPE_TIMEZONE": "Europe/Vienna",
    "PD_SCRAPE_ENABLED": "1",
    "PD_WATCH_EVERY_S": "10",
    "PD_RETRAIN_ENABLED": "1",
    "PD_TRAIN_SET": "unet_text.training.steps=7; evaluate.n=8;",
    "PD_KEEP_DATASETS_DAYS": "3",
    "PD_ALLOWED_HOSTS": "Pictures.museum.org, 192.0.2.7",
    "PD_DUCKDB_THREADS": "3",
    "PD_DUCKDB_MEMORY_MB": "1500",
    "PD_CLEAN_ROOM": "require",
    "PD_MARKS_KEY": "keys/marks.pem",
    "PD_MARKS_CHAIN": "keys/chain.pem",
    "PD_PROVIDER": "Museum",
    "PD_SIGNING_KEY": "keys/release.pem",
    "PD_WEIGHTS_LICENCE": "CC0-1.0",
    "PD_EU_REPRESENTATIVE": "Somebody, Brussels",
    "PD_CODE_OF_PRACTICE": "1",
    "PD_DOWNLOAD_URL": "https://museum.test/models",
    "PD_DECODERS": "6",
    "PD_RETRY_WAIT_S": "5",
    "PD_ALERT_WEBHOOK": "http://127.0.0.1:8082/hook",
    "PD_ALERT_EMAIL": "curator@museum.test",
    "PD_SMTP_HOST": "mail.museum.test",
    "PD_SMTP_PORT": "587",
    "PD_SMTP_USER": "curator",
    "PD_SMTP_PASSWORD": "secret-password",
    "PD_HUB_ENDPOINT": "http://127.0.0.1:8083",
    "PD_HUB_TOKEN": "secret-hub-token",
    "PD_SHARD_MB": "64",
    "PD_EXPORT_INCLUDE": "Category:Portraits; landscapes",
    "PD_EXPORT_EXCLUDE": "Bad",
    "PD_EXPORT_LIMIT": "1000",
    "PD_EXPORT_MAX_SIDE": "256",
    "PD_EXPORT_MIN_SIDE": "64",
    "PD_EXPORT_PER_ARTIST": "10",
    "PD_EXPORT_PER_CLUSTER": "1",
    "PD_EXPORT_FORMAT": "webdataset",
}


def test_without_variables_the_contracts_defaults_hold() -> None:
    assert Settings.from_env({}) == Settings()
    assert Settings().commons_roots == DEFAULT_ROOTS == ("PD-Art (PD-old-100-expired)", "PD-Art (PD-old-100)")
    assert (Settings().home, Settings().max_side, Settings().commons_depth) == (Path("data"), 1280, 4)


def test_every_variable_reaches_its_setting() -> None:
    settings = Settings.from_env(EVERY_VARIABLE)
    assert settings == Settings(
        home=Path("elsewhere/home"),
        buckets=16,
        contact="curator@museum.test",
        commons_api="http://127.0.0.1:8080/w/api.php",
        commons_token="secret-token",
        commons_roots=("One", "Two words"),
        commons_depth=0,
        commons_exclude=("Bad",),
        wikidata_api="http://127.0.0.1:8081/w/api.php",
        archive_hosts=("media.museum.test", "nas:8080"),
        smithsonian_index="copies/edan",
        smithsonian_key="secret-key",
        cleveland_index="/data/cleveland",
        smithsonian_units=("FSG", "chndm"),
        rights_profile="life70",
        fresh_days=7,
        stale_days=21,
        labels="cc0",
        language="pt-br",
        max_side=512,
        recipe="debug",
        warm_start=True,
        retrain_after=25,
        retrain_latent=True,
        takedown_policy="retrain",
        scrape_cron="15 3 * * 1-5",
        scrape_timezone="Europe/Vienna",
        scrape_enabled=True,
        watch_every_s=10,
        retrain_enabled=True,
        train_set=("unet_text.training.steps=7", "evaluate.n=8"),
        keep_datasets_days=3,
        allowed_hosts=("pictures.museum.org", "192.0.2.7"),
        duckdb_threads=3,
        duckdb_memory_mb=1500,
        clean_room="require",
        marks_key="keys/marks.pem",
        marks_chain="keys/chain.pem",
        provider="Museum",
        signing_key=Path("keys/release.pem"),
        weights_licence="CC0-1.0",
        eu_representative="Somebody, Brussels",
        code_of_practice=True,
        download_url="https://museum.test/models",
        decoders=6,
        retry_wait_s=5,
        alert_webhook="http://127.0.0.1:8082/hook",
        alert_email="curator@museum.test",
        smtp_host="mail.museum.test",
        smtp_port=587,
        smtp_user="curator",
        smtp_password="secret-password",
        hub_endpoint="http://127.0.0.1:8083",
        hub_token="secret-hub-token",
        shard_mb=64,
        export_include=("Portraits", "Landscapes"),
        export_exclude=("Bad",),
        export_limit=1000,
        export_max_side=256,
        export_min_side=64,
        export_per_artist=10,
        export_per_cluster=1,
        export_format="webdataset",
    )
    assert len(EVERY_VARIABLE) == len(fields(Settings))
    assert all(getattr(settings, field.name) != getattr(Settings(), field.name) for field in fields(Settings))


def test_empty_and_blank_variables_count_as_not_set() -> None:
    assert Settings.from_env(dict.fromkeys(EVERY_VARIABLE, "  ")) == Settings()


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PD_RETRAIN_AFTER", "7")
    assert Settings.from_env().retrain_after == 7


def test_retraining_is_on_with_the_nightly_unless_it_is_said_otherwise() -> None:
    assert Settings.from_env({"PD_SCRAPE_ENABLED": "1"}).retrain_enabled
    assert not Settings.from_env({"PD_SCRAPE_ENABLED": "1", "PD_RETRAIN_ENABLED": "0"}).retrain_enabled
    assert not Settings.from_env({}).retrain_enabled


@pytest.mark.parametrize("host", ["*", "*.museum.org", "https://museum.org", "museum.org:3000", "[::1]", "a b", "-a"])
def test_a_host_that_is_let_in_is_named_in_full(host: str) -> None:
    with pytest.raises(ConfigError, match="PD_ALLOWED_HOSTS: found"):
        Settings.from_env({"PD_ALLOWED_HOSTS": f"museum.org,{host}"})


def test_each_stage_has_its_own_changes_to_the_recipe() -> None:
    settings = Settings.from_env({"PD_TRAIN_SET": "unet.steps=7;unet_text.training.steps=9;unet.batch_size=2"})
    assert settings.changes_to("unet") == ["steps=7", "batch_size=2"]
    assert settings.changes_to("unet_text") == ["training.steps=9"]
    assert settings.changes_to("clip") == []


@pytest.mark.parametrize("value", ["steps=7", "unknown.steps=7", "unet.steps", "unet.=7"])
def test_a_change_that_names_no_stage_or_no_field_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="PD_TRAIN_SET: found"):
        Settings.from_env({"PD_TRAIN_SET": value})


def test_a_retraining_may_be_asked_for_by_a_share_of_what_the_last_one_saw() -> None:
    settings = Settings.from_env({"PD_RETRAIN_AFTER": "5%"})
    assert [settings.retrain_threshold(count) for count in (0, 10, 1000)] == [1, 1, 50]
    assert Settings.from_env({"PD_RETRAIN_AFTER": "7"}).retrain_threshold(1000) == 7


@pytest.mark.parametrize("value", ["%", "0%", "-3%", "nan%", "inf%", "five%", "0", "1.5"])
def test_a_threshold_that_is_neither_a_number_nor_a_share_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="PD_RETRAIN_AFTER="):
        Settings.from_env({"PD_RETRAIN_AFTER": value})


WRONG = {
    "PD_TAKEDOWN_POLICY": "ignore",
    "PD_RETRAIN_LATENT": "yes",
    "PD_HOME": "gs://bucket/prefix",
    "PD_CONTACT": "a@b.test\nX-Header: 1",
    "PD_COMMONS_API": "commons.wikimedia.org",
    "PD_COMMONS_TOKEN": "dés",
    "PD_COMMONS_ROOTS": "One|Two",
    "PD_COMMONS_DEPTH": "-1",
    "PD_COMMONS_EXCLUDE": "A[b]",
    "PD_RIGHTS_PROFILE": "lax",
    "PD_LABELS": "none",
    "PD_LANGUAGE": "English please",
    "PD_MAX_SIDE": "big",
    "PD_RECIPE": "huge",
    "PD_WARM_START": "sometimes",
    "PD_RETRAIN_AFTER": "0",
    "PD_SHARD_MB": "0",
    "PD_EXPORT_LIMIT": "-1",
    "PD_EXPORT_FORMAT": "tar",
}


def test_all_mistakes_are_named_at_once_each_with_what_was_expected() -> None:
    with pytest.raises(ConfigError) as failed:
        Settings.from_env(WRONG)
    message = str(failed.value)
    assert [name for name in WRONG if name not in message] == []
    assert message.count("expected") == len(WRONG)
    assert "\n" not in message


@pytest.mark.parametrize("name", WRONG)
def test_each_mistake_is_named_alone_too(name: str) -> None:
    with pytest.raises(ConfigError, match=name) as failed:
        Settings.from_env({name: WRONG[name]})
    assert str(failed.value).count("expected") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PD_COMMONS_API", "http://[broken/w/api.php"),
        ("PD_COMMONS_API", "ftp://host/api.php"),
        ("PD_COMMONS_API", "https://"),
        ("PD_COMMONS_API", "http://host:port/api.php"),
        ("PD_COMMONS_ROOTS", " ; ; "),
        ("PD_MAX_SIDE", "12.5"),
        ("PD_MAX_SIDE", "15"),
        ("PD_HOME", "~nobody-of-this-name/data"),
    ],
)
def test_odd_values_are_mistakes_and_no_crash(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Settings.from_env({name: value})


@pytest.mark.parametrize("sign", ["*", "?", "[", "]", "%", "\\", "\n", "\udcff"])
def test_a_home_in_whose_path_a_sign_means_something_else_is_refused_at_once(
    sign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"(?s)PD_HOME=.*found '.+', .*rename that folder"):
        Settings.from_env({"PD_HOME": f"/data/{sign}/home"})
    if sign not in "\n\udcff":
        (tmp_path / f"a{sign}b").mkdir()
        monkeypatch.chdir(tmp_path / f"a{sign}b")
        with pytest.raises(ConfigError, match=f"PD_HOME={re.escape(str(Path.cwd()))}/data: found"):
            Settings.from_env({})


def test_spaces_quotes_and_letters_of_any_script_may_stand_in_a_home() -> None:
    odd = '/data/it\'s "a" #1, élan\u200c 日本; {x} $y & z/home'
    assert Settings.from_env({"PD_HOME": odd}).home == Path(odd)


def test_variables_that_are_no_settings_are_named_with_near_ones() -> None:
    env = {"PD_HOME": "x", "PD_TEST_KEEP": "1", "PD_PROGRESS": "bar", "PD_CONTACTS_MAIL": "x", "PD_XYZ": "x"}
    told = unknown_variables({**env, "HOME": "x"})
    assert set(told) == {"PD_CONTACTS_MAIL", "PD_XYZ"}
    assert "did you mean PD_CONTACT" in told["PD_CONTACTS_MAIL"]
    assert "docs/settings.md" in told["PD_XYZ"]
    Settings.from_env(env)
    # What is almost a setting is meant as one.
    with pytest.raises(ConfigError, match="PD_HOM is no setting; expected PD_HOME"):
        Settings.from_env({"PD_HOM": "x"})
    assert unknown_variables({"PD_HOM": "x"}) == {}


def test_a_token_never_shows_itself() -> None:
    assert "secret-token" not in repr(Settings.from_env(EVERY_VARIABLE))
    with pytest.raises(ConfigError) as failed:
        Settings.from_env({"PD_COMMONS_TOKEN": "geheimnis-ü"})
    assert "geheimnis" not in str(failed.value)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Category:PD-Art (PD-old-100)", "PD-Art (PD-old-100)"),
        ("category: paintings_by  Monet ", "Paintings by Monet"),
        ("élèves", "Élèves"),
        ("", ""),
    ],
)
def test_a_categorys_name_has_one_form(written: str, name: str) -> None:
    assert category_name(written) == name


# --- the operator's contact ------------------------------------------------------------------------------------------


def test_a_live_archive_is_never_asked_without_a_contact() -> None:
    with pytest.raises(ConfigError, match=r"PD_CONTACT is not set, and commons\.wikimedia\.org"):
        require_contact(Settings())


@pytest.mark.parametrize(
    "contact", ["me@example.com", "https://example.org/bot", "Me <ME@mail.EXAMPLE.net>", "example.com"]
)
def test_an_example_address_is_no_contact(contact: str) -> None:
    with pytest.raises(ConfigError, match="example address"):
        require_contact(Settings(contact=contact))


@pytest.mark.parametrize("contact", ["curator@museum.test", "me@my-example.com", "https://notexample.org/bot"])
def test_an_address_that_may_reach_somebody_is_a_contact(contact: str) -> None:
    assert require_contact(Settings(contact=contact)) == contact


def test_an_archive_on_this_machine_needs_no_contact() -> None:
    local = replace(Settings(), commons_api="http://127.0.0.1:9999/w/api.php")
    assert require_contact(local)
    assert require_contact(replace(local, contact="x@y.test")) == "x@y.test"


@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "http://127.8.8.8:1/", "http://localhost:80", "http://[::1]:8/"])
def test_addresses_of_this_machine_are_known(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", [COMMONS_API, "http://127.0.0.1.evil.test/", "http://localhost.evil.test/", "nonsense"])
def test_addresses_elsewhere_are_not_taken_for_this_machine(url: str) -> None:
    assert not is_loopback(url)


@pytest.mark.parametrize(
    ("api", "given", "days"),
    [
        ("https://commons.wikimedia.org/w/api.php", "", 30),
        ("https://wiki.museum.test/api.php", "", 30),
        ("http://127.0.0.1:8080/api.php", "", 0),
        ("http://localhost/api.php", "", 0),
        ("http://127.0.0.1:8080/api.php", "30", 30),
        ("https://commons.wikimedia.org/w/api.php", "0", 0),
    ],
)
def test_uploads_wait_thirty_days_except_on_a_wiki_of_ones_own(api: str, given: str, days: int) -> None:
    assert Settings.from_env({"PD_COMMONS_API": api, "PD_FRESH_DAYS": given}).fresh_days == days


@pytest.mark.parametrize(
    ("api", "given", "asked"),
    [
        ("https://commons.wikimedia.org/w/api.php", "", "https://www.wikidata.org/w/api.php"),
        ("http://127.0.0.1:8080/api.php", "", "http://127.0.0.1:8080/api.php"),
        ("http://127.0.0.1:8080/api.php", "none", None),
        ("http://127.0.0.1:8080/api.php", "http://127.0.0.1:81/api.php", "http://127.0.0.1:81/api.php"),
        ("https://commons.wikimedia.org/w/api.php", "none", None),
    ],
)
def test_items_are_asked_of_wikidata_and_beside_an_archive_on_this_machine_of_that_archive(
    api: str, given: str, asked: str | None
) -> None:
    assert Settings.from_env({"PD_COMMONS_API": api, "PD_WIKIDATA_API": given}).wikidata_api == asked
