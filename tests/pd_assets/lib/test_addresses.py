"""Where a request may go, by the name of a host and by the address that it has."""

import pytest

from pd_assets.lib.addresses import Archive, Place, archive_at, archives_of, is_public, place_of, plain
from pd_assets.lib.errors import ConfigError, FetchFailed
from pd_assets.lib.settings import Settings

COMMONS = archive_at(place_of("https://commons.wikimedia.org/w/api.php"))
LOCAL = archive_at(place_of("http://127.0.0.1:8080/w/api.php"))


def may(archives: Archive | tuple[Archive, ...], url: str) -> bool:
    listed = archives if isinstance(archives, tuple) else (archives,)
    return any(one.has(place_of(url)) for one in listed)


@pytest.mark.parametrize(
    "url",
    [
        "https://commons.wikimedia.org/wiki/Special:Redirect/file/A.jpg",
        "https://upload.wikimedia.org/a/b.jpg",
        "https://UPLOAD.wikimedia.org./a/b.jpg",
        "http://upload.wikimedia.org/a/b.jpg",
    ],
)
def test_the_files_of_commons_are_at_its_foundation_s_hosts(url: str) -> None:
    assert may(COMMONS, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://wikimedia.org.evil.net/a.jpg",
        "https://evilwikimedia.org/a.jpg",
        "https://upload.wikimedia.org:8443/a.jpg",
        "https://upload.wikimedia.org@evil.net/a.jpg",
        "https://ids.si.edu/a.jpg",
        "http://127.0.0.1/a.jpg",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/a.jpg",
        "http://localhost/a.jpg",
    ],
)
def test_no_other_host_is_theirs(url: str) -> None:
    assert not may(COMMONS, url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/a.jpg", "http://localhost:8080/a.jpg", "http://[::1]:8080/a"])
def test_a_local_wiki_is_one_host_and_one_port(url: str) -> None:
    assert may(LOCAL, url)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a", "http://127.0.0.1:8081/a", "http://127.0.0.2:8080/a", "https://upload.wikimedia.org/a"],
)
def test_whatever_else_runs_beside_a_local_wiki_is_not_its(url: str) -> None:
    assert not may(LOCAL, url)


def test_what_is_set_is_asked_and_each_archive_keeps_to_its_own() -> None:
    settings = Settings(commons_api="http://127.0.0.1:8080/w/api.php", wikidata_api=None)
    archives = archives_of(settings)
    assert may(archives, "http://127.0.0.1:8080/a.jpg") and may(archives, "https://ids.si.edu/ids/a")
    assert may(archives, "https://smithsonian-open-access.s3-us-west-2.amazonaws.com/metadata/edan/index.txt")
    assert not may(archives, "https://other.s3-us-west-2.amazonaws.com/a") and not may(archives, "https://n2t.net/a")
    assert not any(one.has(place_of("https://ids.si.edu/a")) for one in archives if one.has(Place("127.0.0.1", 8080)))


def test_further_hosts_may_be_named_also_at_private_addresses() -> None:
    env = {"PD_COMMONS_API": "https://wiki.museum.org/w/api.php", "PD_ARCHIVE_HOSTS": "media.museum.org; nas:8080"}
    archives = archives_of(Settings.from_env(env))
    for url in ("https://wiki.museum.org/a", "https://media.museum.org/a", "http://nas:8080/a"):
        assert may(archives, url)
    assert not may(archives, "http://nas/a") and not may(archives, "https://museum.org/a")
    assert Place("nas", 8080) in archives[0].private
    assert Place("wiki.museum.org", 443) not in archives[0].private


@pytest.mark.parametrize("hosts", ["https://media.museum.org", "media.museum.org/files", "a:b", "*.museum.org", "me@x"])
def test_what_is_no_host_is_told_at_once(hosts: str) -> None:
    with pytest.raises(ConfigError, match="PD_ARCHIVE_HOSTS: found"):
        Settings.from_env({"PD_ARCHIVE_HOSTS": hosts})


@pytest.mark.parametrize("url", ["http://[::1/x", "http://a..b/x", "file:///etc/passwd", "http://", "http://a:0/", "x"])
def test_what_is_no_address_of_the_web_is_named(url: str) -> None:
    with pytest.raises(FetchFailed, match="expected an http or https address of the web") as failed:
        place_of(url)
    assert failed.value.permanent


@pytest.mark.parametrize("address", ["8.8.8.8", "2620:0:861:ed1a::1", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "ff02::1"),
    ],
)
def test_addresses_of_a_machine_or_a_local_net_are_not(address: str) -> None:
    assert not is_public(address)


def test_what_others_wrote_is_shown_in_plain_characters() -> None:
    assert plain("http://x/\udc80\n") == r"http://x/\udc80\n"
    assert plain("http://x/ü") == "http://x/ü"
    assert len(plain("a" * 5000)) == 303
