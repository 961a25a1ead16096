"""Every error that Wikimedia's servers are known to answer with, between us and a real MediaWiki, alone and mixed.

The line runs from the categories to the pictures. After each fault the tables equal those of an undisturbed run, what
was answered was asked for once, no more requests ran at a time than are allowed, and the log says what happened. Time
is virtual: what was waited is recorded and costs nothing.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from email.utils import formatdate
from pathlib import Path
from time import time as wall_clock
from urllib.parse import parse_qsl, urlsplit

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_items
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, LEDGER, PAGES, Table
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.walk import walk
from pd_assets.lib.errors import AccessDenied, AddressRefused, ArchiveError, ArchiveResting
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import fetch_accepted
from pd_assets.lib.images.pool import Decoders
from pd_assets.lib.ledger import recording
from pd_assets.lib.rights.decisions import decide_all
from tests.integration.fault_proxy import TIME_OUT_S, Fault, FaultProxy, Script, api_error, http_error, nothing
from tests.integration.mediawiki.fill import fill
from tests.integration.mediawiki.kinds import Kind
from tests.integration.mediawiki.pictures import Picture
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki
from tests.patience import PATIENCE_S
from tests.pd_assets.lib import scraping
from tests.pd_assets.lib.virtual_time import VirtualTime

MIX = {**dict.fromkeys(Kind, 1), Kind.PD_OLD_100_EXPIRED: 24}
SIDE = 250
RUN = "run-1"


@dataclass(frozen=True, kw_only=True)
class Undisturbed:
    """What an undisturbed run stored, and what it asked, by path and query."""

    rows: dict[str, list[dict[str, object]]]
    asked: Counter[str]


class LastingDecoders(Decoders):
    """Decoder processes that serve one run after the other."""

    def __exit__(self, *_: object) -> None:
        pass


@dataclass(kw_only=True)
class Harvest:
    """The line over one wiki, through a proxy that disturbs it."""

    wiki: MediaWiki
    proxy: FaultProxy
    roots: list[str]
    decoders: Decoders

    def run(self, home: Home, api: str, *, run: str = RUN) -> VirtualTime:
        """The whole line once; the time that it waited."""
        time = VirtualTime(is_running=False)
        session = PoliteSession("tests", sleep=time.sleep, clock=time.clock, read_timeout_s=TIME_OUT_S)
        with recording(home, run, session):
            client = CommonsClient(api, session, thumb_side=SIDE)
            found = walk(client, self.roots, depth=4)
            tables.write(home, CATEGORIES, tables.as_table(CATEGORIES, map(asdict, found)))
            scraping.sync(home, client, sorted(category.category for category in found))
            build_items(home)
            decide_all(home, profile="strict", fresh_days=0)
            fetch_accepted(home, session, profile="strict", max_side=SIDE, decoders=self.decoders)
        return time

    def run_disturbed(self, home: Home, script: Script, *, run: str = RUN) -> VirtualTime:
        self.proxy.begin(script)
        return self.run(home, self.proxy.api_url, run=run)

    def assert_within_limits(self) -> None:
        assert self.proxy.most_in_flight("api") <= 1
        assert self.proxy.most_in_flight("media") <= 2


def stored(home: Home) -> dict[str, list[dict[str, object]]]:
    """The rows of every table, without the columns that only say when."""
    return {table.key: lasting(home, table) for table in (CATEGORIES, PAGES, ITEMS, DECISIONS, FILES)}


def lasting(home: Home, table: Table) -> list[dict[str, object]]:
    """A table's rows without the columns that only say when; in the table's order, all partitions together."""
    columns = [name for name in table.columns if name not in table.volatile]
    rows = tables.rows(tables.read(home, table))
    return sorted(({name: row[name] for name in columns} for row in rows), key=str)


def delivered(proxy: FaultProxy) -> Counter[str]:
    """How often each question was answered by the wiki and the answer came through."""
    asked = (f"{one.path}?{sorted(one.query.items())}" for one in proxy.seen if one.was_delivered)
    return Counter(asked)


def batch_of(target: str) -> set[str]:
    """The pages that a request asks the details of."""
    return set(dict(parse_qsl(urlsplit(target).query)).get("pageids", "").split("|")) - {""}


def ledger(home: Home, run: str = RUN) -> dict[object, dict[str, object]]:
    """The ledger's one row of a run for each kind of traffic."""
    return {row["kind"]: row for row in tables.rows(tables.read(home, LEDGER)) if row["run_id"] == run}


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return []


@pytest.fixture(scope="module")
def wiki(
    tmp_path_factory: pytest.TempPathFactory, mediawiki_installed: None, art_folder: Path, pictures: list[Picture]
) -> Iterator[MediaWiki]:
    """A wiki of its own that no test of this module changes."""
    site = MediaWiki.install(tmp_path_factory.mktemp("faults") / "site")
    pictures.extend(fill(site, art_folder, MIX, 7))
    with site as running:
        yield running


@pytest.fixture(scope="module")
def line(wiki: MediaWiki, pictures: list[Picture]) -> Iterator[Harvest]:
    artists = sorted({category for picture in pictures for category in picture.categories})
    decoders = LastingDecoders()
    with FaultProxy(wiki.base_url, members_at_a_time=20) as proxy, closing(decoders):
        yield Harvest(wiki=wiki, proxy=proxy, roots=[*ROOTS, *artists], decoders=decoders)


@pytest.fixture(scope="module")
def undisturbed(line: Harvest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What the line yields when nothing happens. Thumbnails exist from here on, so that later runs are quick."""
    home = open_home(tmp_path_factory.mktemp("undisturbed") / "home")
    line.run_disturbed(home, nothing)
    line.assert_within_limits()
    rows, asked = stored(home), delivered(line.proxy)
    assert sum(row["status"] == "ok" for row in rows[FILES.key]) > 20
    assert max(asked.values()) == 1
    return Undisturbed(rows=rows, asked=asked)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


# --- one after another -----------------------------------------------------------------------------------------------

LATE = Fault(name="time-out", delay_s=PATIENCE_S)
SLOW = Fault(name="slow", delay_s=TIME_OUT_S / 4)
RESET = Fault(name="reset", is_reset=True)
CUT = Fault(name="cut", is_cut=True)
CUT_UNANNOUNCED = Fault(name="cut without a length", is_cut=True, announces_length=False)
EDGE_PAGE = http_error(200)
NAMED_429 = http_error(429, **{"Retry-After": "37"})
UNNAMED_429 = http_error(429)
LOST, TIMED_OUT = "the connection was refused or lost", f"no answer within {TIME_OUT_S:g} s"
HTML = "an HTML page instead of an answer"

# The fault, what the log and the ledger call it, and the shortest pause that it must have brought.
EVERYWHERE: list[tuple[Fault, str, float]] = [
    (NAMED_429, "HTTP 429", 37),
    (UNNAMED_429, "HTTP 429", 60),
    *((http_error(status), f"HTTP {status}", 1) for status in (500, 502, 503, 504)),
    (http_error(503, **{"Retry-After": "120"}), "HTTP 503", 120),
    (EDGE_PAGE, HTML, 1),
    (LATE, TIMED_OUT, 1),
    (RESET, LOST, 1),
    (CUT, LOST, 1),
]
API_ONLY: list[tuple[Fault, str, float]] = [
    (api_error("maxlag", **{"Retry-After": "9", "X-Database-Lag": "7"}), "maxlag", 9),
    (api_error("maxlag"), "maxlag", 5),
    (api_error("ratelimited"), "ratelimited", 5),
    (api_error("readonly"), "readonly", 5),
    (api_error("internal_api_error_DBQueryError"), "internal_api_error_DBQueryError", 5),
    (CUT_UNANNOUNCED, "the archive is not ready", 1),
]
FAULTS = {"api": [*EVERYWHERE, *API_ONLY], "media": EVERYWHERE}


@pytest.mark.parametrize("kind", ["api", "media"])
def test_each_fault_loses_nothing_and_doubles_nothing(
    line: Harvest, undisturbed: Undisturbed, home: Home, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """One fault after the other, each twice, from the first request on; what is asked a third time is answered."""
    faults = FAULTS[kind]
    left = [fault for fault, *_ in faults for _ in range(2)]
    failed: Counter[str] = Counter()

    def script(seen_kind: str, number: int, target: str) -> Fault | None:
        if seen_kind != kind or not left or failed[target] == 2:
            return None
        failed[target] += 1
        return left.pop(0)

    with caplog.at_level(logging.WARNING):
        time = line.run_disturbed(home, script)
    assert left == []
    assert stored(home) == undisturbed.rows
    assert delivered(line.proxy) == undisturbed.asked
    line.assert_within_limits()
    row = ledger(home)[kind]
    for _, named, _ in faults:
        assert named in caplog.text
        assert named in str(row["errors"])
    assert row["requests"] == len(line.proxy.of(kind))
    waited_s = row["waited_s"]
    assert isinstance(waited_s, float)
    if kind == "api":
        # It is one address: all of it waits, each time as long as the fault says.
        pauses = [slept for slept in time.sleeps if slept]
        assert row["retries"] == len(pauses) == 2 * len(faults)
        shortest = [pause_s for *_, pause_s in faults]
        assert [pair for pair in zip(pauses[::2], shortest, strict=True) if pair[0] < pair[1] - 0.1] == []
        assert waited_s >= sum(pauses) - 1
    else:
        # One file that fails is asked for again at once, and no other waits for it; what is asked for is waited for.
        asked = [float(fault.headers["Retry-After"]) for fault, *_ in faults if "Retry-After" in fault.headers]
        # What another thread slept between a pause and its waiting is a part of it.
        assert all(any(pause_s - 5 <= slept <= pause_s + 0.1 for slept in time.sleeps) for pause_s in asked)
        assert len(asked) == 2 and waited_s >= sum(asked) - 10


@pytest.mark.extended
def test_a_slow_answer_is_waited_for_and_retry_after_may_be_a_date(
    line: Harvest, undisturbed: Undisturbed, home: Home
) -> None:
    def script(kind: str, number: int, target: str) -> Fault | None:
        if (kind, number) in (("api", 1), ("api", 5)):
            return SLOW
        later = formatdate(wall_clock() + 500, usegmt=True)
        return http_error(429, **{"Retry-After": later}) if (kind, number) == ("media", 3) else None

    waited = line.run_disturbed(home, script)
    # Where nothing is said it is a minute; how long it took to read the answer is this machine's affair.
    assert 60 < waited.longest <= 501
    assert stored(home) == undisturbed.rows
    assert delivered(line.proxy) == undisturbed.asked


def test_a_continuation_that_is_refused_starts_its_batch_again(
    line: Harvest, undisturbed: Undisturbed, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def script(kind: str, number: int, target: str) -> Fault | None:
        if kind == "media" or "continue=" not in target or done:
            return None
        done.append(target)
        return api_error("badcontinue")

    with caplog.at_level(logging.WARNING):
        line.run_disturbed(home, script)
    assert done
    assert stored(home) == undisturbed.rows
    assert undisturbed.asked <= delivered(line.proxy)
    assert "badcontinue" in caplog.text
    assert '"badcontinue": 1' in str(ledger(home)["api"]["errors"])


@pytest.mark.parametrize(
    "codes",
    [
        ["nosuchpageid", "missingtitle"],
        pytest.param(["invalidtitle", "no-such-entity-link"], marks=pytest.mark.extended),
    ],
    ids=" ".join,
)
def test_a_batch_that_the_archive_cannot_read_is_read_in_pieces(
    line: Harvest, undisturbed: Undisturbed, home: Home, codes: list[str]
) -> None:
    """Each code comes once, to a batch of several pages of which none was asked for before."""
    left = list(codes)
    asked: set[str] = set()

    def script(kind: str, number: int, target: str) -> Fault | None:
        batch = batch_of(target)
        is_new = asked.isdisjoint(batch)
        asked.update(batch)
        return api_error(left.pop()) if kind == "api" and left and is_new and len(batch) > 1 else None

    line.run_disturbed(home, script)
    assert left == []
    assert stored(home) == undisturbed.rows


@pytest.mark.extended
def test_a_category_that_the_archive_cannot_list_is_left_as_it_is_and_had_in_the_next_run(
    line: Harvest, undisturbed: Undisturbed, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[str] = []

    def script(kind: str, number: int, target: str) -> Fault | None:
        if kind == "media" or "gcmtype=file" not in target or refused:
            return None
        refused.append(target)
        return api_error("invalidcategory")

    with caplog.at_level(logging.WARNING):
        line.run_disturbed(home, script)
    assert refused
    assert "is left as it is until the next run" in caplog.text
    line.run_disturbed(home, nothing)
    assert stored(home) == undisturbed.rows


def test_a_file_that_is_not_there_is_a_row_and_is_had_in_a_later_run(
    line: Harvest, undisturbed: Undisturbed, home: Home
) -> None:
    statuses = {4: 404, 12: 400}
    gone: dict[str, int] = {}

    def script(kind: str, number: int, target: str) -> Fault | None:
        """Neither the thumbnail nor the original of two files."""
        if kind != "media":
            return None
        parts = target.partition("?")[0].split("/")
        name = parts[-2] if "thumb" in parts else parts[-1]
        if number in statuses and name not in gone:
            gone[name] = statuses[number]
        return http_error(gone[name]) if name in gone else None

    line.run_disturbed(home, script)
    failed = [row for row in lasting(home, FILES) if row["status"] == "failed"]
    for status in statuses.values():
        assert [f"HTTP {status}" in str(row["error"]) for row in failed if row["sha1"]].count(True) == 1
    asked = Counter(one.path for one in line.proxy.of("media"))
    assert max(asked.values()) == 1, "what is not there is not asked for again and again"
    line.run_disturbed(home, nothing)
    assert stored(home) == undisturbed.rows


def test_a_refusal_stops_the_run_and_says_what_to_do(line: Harvest, undisturbed: Undisturbed, home: Home) -> None:
    """At the first request and later, of either kind, each after what the runs before it left; then it is answered."""
    refused: list[int] = []
    for kind, number in (("api", 0), ("api", 9), ("media", 0), ("media", 12)):
        refused.clear()

        def script(seen_kind: str, seen: int, target: str, kind: str = kind, number: int = number) -> Fault | None:
            if seen_kind == kind and seen >= number:
                refused.append(seen)
                return http_error(403)
            return None

        with pytest.raises((AccessDenied, AddressRefused), match=r"HTTP 403.*check that PD_CONTACT reaches you"):
            line.run_disturbed(home, script, run=f"{kind} {number}")
        # Several addresses must be refused; another one of two at a time may be answered meanwhile, or be on its way.
        assert 0 < len(refused) <= (3 if kind == "api" else 6)
        assert '"HTTP 403"' in str(ledger(home, f"{kind} {number}")[kind]["errors"])
    line.run_disturbed(home, nothing)
    assert stored(home) == undisturbed.rows


def test_an_archive_that_wants_to_be_left_alone_for_long_is(
    line: Harvest, undisturbed: Undisturbed, home: Home
) -> None:
    resting = http_error(429, **{"Retry-After": "7200"})
    with pytest.raises(ArchiveResting, match=r"asked to wait 7\d\d\d s.*run again later"):
        line.run_disturbed(home, lambda kind, number, target: resting if kind == "media" and number >= 12 else None)
    assert len(line.proxy.of("media")) <= 14
    assert all(row in undisturbed.rows[FILES.key] for row in lasting(home, FILES)), "no picture is to blame"
    line.run_disturbed(home, nothing)
    assert stored(home) == undisturbed.rows


@pytest.mark.extended
def test_an_archive_that_never_recovers_is_asked_a_bounded_number_of_times(line: Harvest, home: Home) -> None:
    with pytest.raises(ArchiveError, match="HTTP 503, 5 times"):
        line.run_disturbed(home, lambda kind, number, target: http_error(503))
    assert len(line.proxy.seen) == 5


# --- mixed -----------------------------------------------------------------------------------------------------------


def mixed(seed: int, share: float) -> tuple[Script, Callable[[], int]]:
    """Faults of all kinds at random; the same question fails three times at most. And how many there were."""
    chance = random.Random(seed)
    failed: Counter[str] = Counter()
    faults = {
        "api": [case[0] for case in [*EVERYWHERE, *API_ONLY]] + [SLOW],
        "media": [case[0] for case in EVERYWHERE] + [SLOW],
    }

    def script(kind: str, number: int, target: str) -> Fault | None:
        if failed[target] == 3 or chance.random() >= share:
            return None
        failed[target] += 1
        return chance.choice(faults[kind])

    return script, lambda: sum(failed.values())


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.extended)])
def test_all_faults_mixed_lose_nothing_and_double_nothing(
    line: Harvest, undisturbed: Undisturbed, home: Home, seed: int
) -> None:
    script, faults = mixed(seed, 0.35)
    line.run_disturbed(home, script)
    assert faults() > 15
    assert stored(home) == undisturbed.rows
    assert delivered(line.proxy) == undisturbed.asked
    line.assert_within_limits()
    for kind, row in ledger(home).items():
        seen = line.proxy.of(str(kind))
        assert row["requests"] == len(seen)
        assert row["bytes"] == sum(one.sent_bytes for one in seen)


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_the_ledger_says_what_the_servers_access_log_says(line: Harvest, undisturbed: Undisturbed, home: Home) -> None:
    line.wiki.forget_requests()
    line.run(home, line.wiki.api_url)
    rows = ledger(home)
    logged = {"api": line.wiki.requests("/w/api.php"), "media": line.wiki.requests("/wikipedia/")}
    assert {kind: row["requests"] for kind, row in rows.items()} == {k: len(seen) for k, seen in logged.items()}
    assert {row["errors"] for row in rows.values()} == {"{}"}
    assert {row["retries"] for row in rows.values()} == {0}
    assert all(
        request.user_agent.startswith("PublicDomainDiffusionBot/") for seen in logged.values() for request in seen
    )
    media = {request.path for request in logged["media"]}
    sizes = [path.stat().st_size for path in (line.wiki.site / "docroot" / name.lstrip("/") for name in media)]
    assert rows["media"]["bytes"] == sum(sizes)


def test_with_pacing_the_wiki_is_asked_less_than_five_times_a_second(
    line: Harvest, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.proxy.begin()
    time = VirtualTime(is_running=False)
    monkeypatch.setattr(line.proxy, "clock", time.clock)
    with PoliteSession("tests", pace_loopback=True, sleep=time.sleep, clock=time.clock) as session:
        client = CommonsClient(line.proxy.api_url, session, thumb_side=SIDE)
        scraping.sync(home, client, line.roots[:6])
    starts = [one.at for one in line.proxy.of("api")]
    assert len(starts) >= 6
    assert max(sum(start <= other < start + 1 for other in starts) for start in starts) < 5
    assert line.proxy.most_in_flight("api") == 1
