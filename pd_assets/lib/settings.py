"""The platform's settings: one frozen value, read once from the environment at the edge.

The names and defaults are those of the contract; `Settings.from_env` collects every mistake before it raises.
"""

import difflib
import ipaddress
import math
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.remote.address import PUSH_EVERY_S, WAIT_S, RemoteAddress, default_cache, split
from pd_assets.lib.setting_names import BY_NAME
from pd_ml.provenance import CODE_VERSION

COMMONS_API = "https://commons.wikimedia.org/w/api.php"
WIKIDATA_API = "https://www.wikidata.org/w/api.php"
SMITHSONIAN_INDEX = "https://smithsonian-open-access.s3-us-west-2.amazonaws.com/metadata/edan/index.txt"
HUB_ENDPOINT = "https://huggingface.co"
CLEVELAND_INDEX = "https://raw.githubusercontent.com/ClevelandMuseumArt/openaccess/master/data.json"
# Uploads younger than this are in quarantine: nobody has patrolled them yet. Nobody patrols a wiki of one's own.
FRESH_DAYS = 30
# Evidence that could not be read anew for so long is no evidence: its pictures wait.
STALE_DAYS = 14
DEFAULT_ROOTS = ("PD-Art (PD-old-100-expired)", "PD-Art (PD-old-100)")
PROFILES = ("strict", "life70", "us")
LABEL_POLICIES = ("cc0", "all")
TAKEDOWN_POLICIES = ("flag", "retrain")
WEIGHTS_LICENCES = ("OpenMDW-1.1", "CC0-1.0")
EXPORT_FORMATS = ("parquet", "webdataset")
RECIPE_NAMES = ("debug", "small", "base")
# A dataset version that nothing needs any more: who looks at it, or trains with it by hand, has so long.
KEEP_DATASETS_DAYS = 30
SCRAPE_CRON = "0 2 * * *"
# In place of a contact, where every archive is on this machine.
LOCAL_USE = "local use"
# What our own processes tell one another.
INTERNAL = ("PD_PROGRESS", "PD_TEST_", "PD_STOP_", "PD_TOLD")
BUCKETS = ("0", *(str(2**power) for power in range(13)))
# Five fields of digits, names, lists, ranges and steps; Dagster looks closer.
CRON = re.compile(r"[\w*/,#?-]+(?: [\w*/,#?-]+){4}|@(?:hourly|daily|weekly|monthly)")
CHANGE = re.compile(r"\w+\.[\w.]+=.+")
HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]+)*")
EXAMPLE_DOMAIN = re.compile(r"(?<![\w-])example\.(?:com|org|net)(?![\w-])", re.IGNORECASE)
# https://www.mediawiki.org/wiki/Manual:Page_title#Invalid_page_titles
NEVER_IN_HOMES = frozenset("*?[]%\\")
NEVER_IN_TITLES = frozenset("#<>[]|{}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the environment decides. Sizes in pixels, counts in pictures; `fresh_days` is in README.md."""

    home: Path | RemoteAddress = Path("data")
    # 0: as the home was made; a new one has 1.
    buckets: int = 0
    contact: str | None = None
    commons_api: str = COMMONS_API
    commons_token: str | None = field(default=None, repr=False)
    commons_roots: tuple[str, ...] = DEFAULT_ROOTS
    commons_depth: int = 4
    commons_exclude: tuple[str, ...] = ()
    wikidata_api: str | None = WIKIDATA_API
    archive_hosts: tuple[str, ...] = ()
    smithsonian_index: str = SMITHSONIAN_INDEX
    smithsonian_key: str | None = field(default=None, repr=False)
    smithsonian_units: tuple[str, ...] = ()
    cleveland_index: str = CLEVELAND_INDEX
    rights_profile: str = "strict"
    fresh_days: int = FRESH_DAYS
    stale_days: int = STALE_DAYS
    labels: str = "all"
    language: str = "en"
    max_side: int = 1280
    recipe: str = "small"
    warm_start: bool = False
    # A number of pictures, or a share of those that the last training saw.
    retrain_after: int | float = 1000
    retrain_latent: bool = False
    takedown_policy: str = "flag"
    scrape_cron: str = SCRAPE_CRON
    scrape_timezone: str = "UTC"
    scrape_enabled: bool = False
    watch_every_s: int = 60
    retrain_enabled: bool = False
    train_set: tuple[str, ...] = ()
    keep_datasets_days: int = KEEP_DATASETS_DAYS
    allowed_hosts: tuple[str, ...] = ()
    # For pd_ml, which reads it from the environment itself.
    clean_room: str = "auto"
    marks_key: str | None = None
    marks_chain: str | None = None
    # Who hands models out, and what only they can say of that.
    provider: str | None = None
    signing_key: Path | None = None
    weights_licence: str = WEIGHTS_LICENCES[0]
    eu_representative: str | None = None
    code_of_practice: bool = False
    download_url: str | None = None
    # 0 as the machine has it: machine.py.
    duckdb_threads: int = 0
    duckdb_memory_mb: int = 0
    decoders: int = 0
    retry_wait_s: int = 60
    alert_webhook: str | None = field(default=None, repr=False)
    alert_email: str | None = None
    smtp_host: str | None = None
    smtp_port: int = 25
    smtp_user: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    hub_endpoint: str = HUB_ENDPOINT
    hub_token: str | None = field(default=None, repr=False)
    shard_mb: int = 256
    export_include: tuple[str, ...] = ()
    export_exclude: tuple[str, ...] = ()
    export_limit: int = 0
    export_max_side: int = 0
    export_min_side: int = 0
    export_per_artist: int = 0
    export_per_cluster: int = 0
    export_format: str = "parquet"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the PD_* variables of `env` (default: the process environment). ConfigError lists every mistake."""
        reader = _Reader(os.environ if env is None else env)
        commons_api = reader.url("PD_COMMONS_API", COMMONS_API)
        settings = cls(
            home=reader.home("PD_HOME", "./data"),
            buckets=int(reader.choice("PD_BUCKETS", "0", BUCKETS)),
            contact=reader.header("PD_CONTACT"),
            commons_api=commons_api,
            commons_token=reader.header("PD_COMMONS_TOKEN", secret=True),
            commons_roots=reader.titles("PD_COMMONS_ROOTS", DEFAULT_ROOTS),
            commons_depth=reader.whole("PD_COMMONS_DEPTH", 4, at_least=0),
            commons_exclude=reader.titles("PD_COMMONS_EXCLUDE", ()),
            wikidata_api=reader.optional_url(
                "PD_WIKIDATA_API", commons_api if is_loopback(commons_api) else WIKIDATA_API
            ),
            archive_hosts=reader.hosts("PD_ARCHIVE_HOSTS"),
            smithsonian_index=reader.url_or_folder("PD_SMITHSONIAN_INDEX", SMITHSONIAN_INDEX),
            smithsonian_key=reader.header("PD_SMITHSONIAN_KEY", secret=True),
            smithsonian_units=reader.names("PD_SMITHSONIAN_UNITS"),
            cleveland_index=reader.url_or_folder("PD_CLEVELAND_INDEX", CLEVELAND_INDEX),
            rights_profile=reader.choice("PD_RIGHTS_PROFILE", "strict", PROFILES),
            fresh_days=reader.whole("PD_FRESH_DAYS", 0 if is_loopback(commons_api) else FRESH_DAYS, at_least=0),
            stale_days=reader.whole("PD_STALE_DAYS", STALE_DAYS, at_least=1),
            labels=reader.choice("PD_LABELS", "all", LABEL_POLICIES),
            language=reader.language("PD_LANGUAGE", "en"),
            max_side=reader.whole("PD_MAX_SIDE", 1280, at_least=16),
            recipe=reader.choice("PD_RECIPE", "small", RECIPE_NAMES),
            warm_start=reader.flag("PD_WARM_START"),
            retrain_after=reader.whole_or_share("PD_RETRAIN_AFTER", 1000),
            retrain_latent=reader.flag("PD_RETRAIN_LATENT"),
            takedown_policy=reader.choice("PD_TAKEDOWN_POLICY", "flag", TAKEDOWN_POLICIES),
            scrape_cron=reader.cron("PD_SCRAPE_CRON", SCRAPE_CRON),
            scrape_timezone=reader.timezone("PD_SCRAPE_TIMEZONE", "UTC"),
            scrape_enabled=reader.flag("PD_SCRAPE_ENABLED"),
            watch_every_s=reader.whole("PD_WATCH_EVERY_S", 60, at_least=1),
            retrain_enabled=reader.flag("PD_RETRAIN_ENABLED", reader.flag("PD_SCRAPE_ENABLED")),
            train_set=reader.changes("PD_TRAIN_SET"),
            keep_datasets_days=reader.whole("PD_KEEP_DATASETS_DAYS", KEEP_DATASETS_DAYS, at_least=0),
            allowed_hosts=reader.host_names("PD_ALLOWED_HOSTS"),
            clean_room=reader.choice("PD_CLEAN_ROOM", "auto", ("auto", "require", "off")),
            marks_key=reader.text("PD_MARKS_KEY"),
            marks_chain=reader.text("PD_MARKS_CHAIN"),
            provider=reader.line("PD_PROVIDER"),
            signing_key=reader.folder("PD_SIGNING_KEY", "") if reader.text("PD_SIGNING_KEY") else None,
            weights_licence=reader.choice("PD_WEIGHTS_LICENCE", WEIGHTS_LICENCES[0], WEIGHTS_LICENCES),
            eu_representative=reader.line("PD_EU_REPRESENTATIVE"),
            code_of_practice=reader.flag("PD_CODE_OF_PRACTICE"),
            download_url=reader.web_address("PD_DOWNLOAD_URL"),
            duckdb_threads=reader.whole("PD_DUCKDB_THREADS", 0, at_least=0),
            duckdb_memory_mb=reader.whole("PD_DUCKDB_MEMORY_MB", 0, at_least=0),
            decoders=reader.whole("PD_DECODERS", 0, at_least=0),
            retry_wait_s=reader.whole("PD_RETRY_WAIT_S", 60, at_least=0),
            alert_webhook=reader.web_address("PD_ALERT_WEBHOOK"),
            alert_email=reader.header("PD_ALERT_EMAIL"),
            smtp_host=reader.text("PD_SMTP_HOST"),
            smtp_port=reader.whole("PD_SMTP_PORT", 25, at_least=1),
            smtp_user=reader.text("PD_SMTP_USER"),
            smtp_password=reader.text("PD_SMTP_PASSWORD"),
            hub_endpoint=reader.web_address("PD_HUB_ENDPOINT") or HUB_ENDPOINT,
            hub_token=reader.header("PD_HUB_TOKEN", secret=True),
            shard_mb=reader.whole("PD_SHARD_MB", 256, at_least=1),
            export_include=reader.titles("PD_EXPORT_INCLUDE", ()),
            export_exclude=reader.titles("PD_EXPORT_EXCLUDE", ()),
            export_limit=reader.whole("PD_EXPORT_LIMIT", 0, at_least=0),
            export_max_side=reader.whole("PD_EXPORT_MAX_SIDE", 0, at_least=0),
            export_min_side=reader.whole("PD_EXPORT_MIN_SIDE", 0, at_least=0),
            export_per_artist=reader.whole("PD_EXPORT_PER_ARTIST", 0, at_least=0),
            export_per_cluster=reader.whole("PD_EXPORT_PER_CLUSTER", 0, at_least=0),
            export_format=reader.choice("PD_EXPORT_FORMAT", "parquet", EXPORT_FORMATS),
        )
        reader.problems += map(_mistyped, sorted(name for name in reader.env if _is_mistyped(name)))
        if settings.alert_email and not settings.smtp_host:
            reader.problems.append("PD_ALERT_EMAIL is set and PD_SMTP_HOST is not; expected the name of a mail server")
        if bool(settings.marks_key) != bool(settings.marks_chain):
            reader.problems.append("PD_MARKS_KEY and PD_MARKS_CHAIN: only one is set; expected both, or neither")
        if reader.problems:
            raise ConfigError("; ".join(reader.problems))
        return settings

    def retrain_threshold(self, trained_on: int) -> int:
        """How many new pictures are enough after a training on `trained_on` of them."""
        if isinstance(self.retrain_after, int):
            return self.retrain_after
        return max(1, math.ceil(trained_on * self.retrain_after))

    def changes_to(self, stage: str) -> list[str]:
        """The changes to the recipe of a stage, each as field=value."""
        return [change.removeprefix(f"{stage}.") for change in self.train_set if _stage_of(change) == stage]


def _is_mistyped(name: str) -> bool:
    """Whether a variable is called almost like a setting; others may begin with PD_ for reasons of their own."""
    return name.startswith("PD_") and name not in BY_NAME and bool(_settings_like(name))


def _mistyped(name: str) -> str:
    return f"{name} is no setting; expected {_settings_like(name)[0]}, or another name"


def _settings_like(name: str, *, cutoff: float = 0.87) -> list[str]:
    return difflib.get_close_matches(name, BY_NAME, 2, cutoff=cutoff)


def unknown_variables(env: Mapping[str, str]) -> dict[str, str]:
    """By name: the variables that begin with PD_ and are no setting, in words. Those that are called almost like one
    are mistakes, which `Settings.from_env` names.
    """
    found = {}
    for name in sorted(name for name in env if name.startswith("PD_") and name not in BY_NAME):
        if not name.startswith(INTERNAL) and not _is_mistyped(name):
            near = " or ".join(_settings_like(name, cutoff=0.65))
            found[name] = f"{name} is no setting, and does nothing; " + (
                f"did you mean {near}?" if near else "docs/settings.md lists those that there are"
            )
    return found


def _stage_of(change: str) -> str:
    return change.partition(".")[0]


class _Reader:
    """Reads variables one by one and keeps what is wrong with each."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        return self.env.get(name, "").strip() or None

    def line(self, name: str) -> str | None:
        """A text that is printed in papers, in one line."""
        value = self.text(name)
        if value is not None and not value.isprintable():
            self.problems.append(f"{name}={value!r}: expected one line that can be printed")
            return None
        return value

    def folder(self, name: str, default: str) -> Path:
        value = self.text(name) or default
        if "://" in value:
            self.problems.append(f"{name}={value}: a URL, expected a local folder")
        try:
            return Path(value).expanduser()
        except RuntimeError:
            self.problems.append(f"{name}={value}: found no home folder of that user, expected the path of a folder")
            return Path(default)

    def _usable(self, name: str, folder: Path) -> Path:
        """A folder in whose whole path nothing stands that DuckDB or SQLite would take for something else."""
        path = str(folder.resolve())
        found = sorted({sign for sign in path if sign in NEVER_IN_HOMES or unicodedata.category(sign) in ("Cc", "Cs")})
        if found:
            shown = path.encode(errors="backslashreplace").decode()
            self.problems.append(
                f"{name}={shown}: found {' '.join(map(ascii, found))}, where *, ? and [] are patterns and \\ a "
                "slash to DuckDB, % is an escape in addresses, and control characters break lines; rename that folder, "
                f"or set {name} to another one"
            )
        return folder

    def home(self, name: str, default: str) -> Path | RemoteAddress:
        """A folder, or a place in a bucket with what belongs to it."""
        value = self.text(name) or default
        cache = self.folder("PD_HOME_CACHE", str(default_cache()))
        endpoint = self.web_address("PD_S3_ENDPOINT")
        wait_s = self.whole("PD_HOME_WAIT_S", WAIT_S, at_least=0)
        push_every_s = self.whole("PD_HOME_PUSH_S", PUSH_EVERY_S, at_least=1)
        if "://" not in value:
            return self._usable(name, self.folder(name, default))
        self._usable("PD_HOME_CACHE", cache)
        if (found := split(value)) is None:
            self.problems.append(f"{name}={value}: expected a folder, or a bucket such as s3://bucket/prefix")
            return Path(default)
        bucket, prefix = found
        return RemoteAddress(
            bucket=bucket, prefix=prefix, cache=cache, endpoint=endpoint, wait_s=wait_s, push_every_s=push_every_s
        )

    def header(self, name: str, *, secret: bool = False) -> str | None:
        """A text that is sent as a part of an HTTP header."""
        value = self.text(name)
        if value is not None and not (value.isascii() and value.isprintable()):
            shown = "(hidden)" if secret else repr(value)
            self.problems.append(f"{name}={shown}: expected one line of plain ASCII, as HTTP headers need")
            return None
        return value

    def url(self, name: str, default: str) -> str:
        value = self.text(name) or default
        if not _is_web_address(value):
            self.problems.append(f"{name}={value}: expected the URL of a MediaWiki api.php, such as {COMMONS_API}")
        return value

    def optional_url(self, name: str, default: str | None) -> str | None:
        """The URL of a MediaWiki api.php, or `none`."""
        value = self.text(name)
        if value is None or value.lower() == "none":
            return default if value is None else None
        return self.url(name, value)

    def url_or_folder(self, name: str, default: str) -> str:
        """A web address, or the path of a folder or file on this machine."""
        value = self.text(name) or default
        if "://" not in value:
            return str(self.folder(name, default))
        if not _is_web_address(value):
            self.problems.append(f"{name}={value}: expected a folder, or a URL such as {default}")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Words separated by `;` or `,`, each once."""
        found = (word.strip() for word in re.split("[;,]", self.text(name) or ""))
        return tuple(dict.fromkeys(filter(None, found)))

    def host_names(self, name: str) -> tuple[str, ...]:
        """Names of hosts, each in full: a pattern that lets in everybody guards nothing."""
        found = tuple(host.lower() for host in self.names(name))
        if wrong := [host for host in found if not HOST_NAME.fullmatch(host)]:
            self.problems.append(
                f"{name}: found {', '.join(wrong)}, expected names of hosts such as pictures.museum.org, in full and "
                "without scheme, port or *"
            )
        return found

    def hosts(self, name: str) -> tuple[str, ...]:
        """Hosts, each with its port where it is none of the web's."""
        found = self.names(name)
        if wrong := [host for host in found if set(host) & set("/@?#*") or not _is_web_address(f"http://{host}")]:
            self.problems.append(f"{name}: found {'; '.join(wrong)}, expected such as media.museum.org;nas:8080")
        return found

    def titles(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.text(name)
        if value is None:
            return default
        found = tuple(dict.fromkeys(filter(None, map(category_name, value.split(";")))))
        wrong = [title for title in found if NEVER_IN_TITLES.intersection(title)]
        if wrong:
            self.problems.append(f"{name}: found {'; '.join(wrong)}, expected titles of categories, without #<>[]|{{}}")
        if not found and default:
            self.problems.append(f"{name}={value}: names no category, expected titles separated by ;")
        return found

    def whole(self, name: str, default: int, *, at_least: int) -> int:
        value = self.text(name)
        try:
            number = default if value is None else int(value)
        except ValueError:
            number = at_least - 1
        if number < at_least:
            self.problems.append(f"{name}={value}: expected a whole number of at least {at_least}")
            return default
        return number

    def whole_or_share(self, name: str, default: int) -> int | float:
        """A whole number of at least 1, or a share: `5%` is 0.05."""
        value = self.text(name) or ""
        if not value.endswith("%"):
            return self.whole(name, default, at_least=1)
        try:
            percent = float(value.removesuffix("%"))
        except ValueError:
            percent = math.nan
        if not 0 < percent < math.inf:
            self.problems.append(f"{name}={value}: expected more than 0%, such as 5%, or a number of pictures")
        return percent / 100

    def language(self, name: str, default: str) -> str:
        value = (self.text(name) or default).lower()
        if not LANGUAGE_CODE.fullmatch(value):
            self.problems.append(f"{name}={value}: expected the code of a language, such as en or pt-br")
            return default
        return value

    def cron(self, name: str, default: str) -> str:
        value = " ".join((self.text(name) or default).split())
        if not CRON.fullmatch(value):
            self.problems.append(f"{name}={value}: expected minute, hour, day, month and weekday, such as {default}")
            return default
        return value

    def timezone(self, name: str, default: str) -> str:
        value = self.text(name) or default
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.problems.append(f"{name}={value}: expected the name of a time zone, such as UTC or Europe/Berlin")
            return default
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        return self.choice(name, "1" if default else "0", ("1", "0")) == "1"

    def changes(self, name: str) -> tuple[str, ...]:
        """Changes to recipes, `STAGE.field=value` separated by `;`; the recipe itself knows the fields."""
        found = tuple(filter(None, map(str.strip, (self.text(name) or "").split(";"))))
        wrong = [change for change in found if not (CHANGE.fullmatch(change) and _stage_of(change) in CODE_VERSION)]
        if wrong:
            stages = ", ".join(CODE_VERSION)
            self.problems.append(f"{name}: found {'; '.join(wrong)}, expected STAGE.field=value, STAGE of {stages}")
        return found

    def web_address(self, name: str) -> str | None:
        """Any address of the web; not shown where it is wrong, as such addresses hold keys."""
        value = self.text(name)
        if value is not None and not _is_web_address(value):
            self.problems.append(f"{name}: expected an address that begins with https:// or http://")
        return value

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value not in choices:
            self.problems.append(f"{name}={value}: expected one of {', '.join(choices)}")
            return default
        return value


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def category_name(title: str) -> str:
    """A category's title in the form that keys use: no `Category:`, spaces for underscores, first letter upper."""
    name = " ".join(title.replace("_", " ").split())
    if name.lower().startswith("category:"):
        name = name[len("category:") :].strip()
    return name[:1].upper() + name[1:]


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_contact(settings: Settings, archive: str | None = None) -> str:
    """The contact for the User-Agent; ConfigError where an archive outside this machine is asked without one.

    `archive` is its URL, that of Commons where none is given; a folder is on this machine.
    """
    contact = settings.contact
    archive = settings.commons_api if archive is None else archive
    if is_loopback(archive) or "://" not in archive:
        return contact or LOCAL_USE
    if contact is None:
        raise ConfigError(
            f"PD_CONTACT is not set, and {urlsplit(archive).hostname} is a live archive that must be able "
            "to reach you; set PD_CONTACT to your e-mail address or page, for instance in .env"
        )
    if EXAMPLE_DOMAIN.search(contact):
        raise ConfigError(
            f"PD_CONTACT={contact} is an example address, expected one that reaches you; "
            "set PD_CONTACT to your e-mail address or page"
        )
    return contact
