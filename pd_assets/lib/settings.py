"""The platform's settings: one frozen value, read once from the environment at the edge.

The names and defaults are those of the contract; `Settings.from_env` collects every mistake before it raises.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pd_assets.lib.errors import ConfigError

COMMONS_API = "https://commons.wikimedia.org/w/api.php"
DEFAULT_ROOTS = ("PD-Art (PD-old-100-expired)", "PD-Art (PD-old-100)")
PROFILES = ("strict", "life70", "us")
LABEL_POLICIES = ("cc0", "all")
RECIPE_NAMES = ("debug", "small", "base")
EXAMPLE_DOMAIN = re.compile(r"(?<![\w-])example\.(?:com|org|net)(?![\w-])", re.IGNORECASE)
# https://www.mediawiki.org/wiki/Manual:Page_title#Invalid_page_titles
NEVER_IN_TITLES = frozenset("#<>[]|{}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the environment decides. Sizes in pixels, counts in pictures."""

    home: Path = Path("data")
    contact: str | None = None
    commons_api: str = COMMONS_API
    commons_token: str | None = field(default=None, repr=False)
    commons_roots: tuple[str, ...] = DEFAULT_ROOTS
    commons_depth: int = 4
    commons_exclude: tuple[str, ...] = ()
    rights_profile: str = "strict"
    labels: str = "all"
    max_side: int = 1280
    recipe: str = "small"
    retrain_after: int = 1000

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the PD_* variables of `env` (default: the process environment). ConfigError lists every mistake."""
        reader = _Reader(os.environ if env is None else env)
        settings = cls(
            home=reader.folder("PD_HOME", "./data"),
            contact=reader.header("PD_CONTACT"),
            commons_api=reader.url("PD_COMMONS_API", COMMONS_API),
            commons_token=reader.header("PD_COMMONS_TOKEN", secret=True),
            commons_roots=reader.titles("PD_COMMONS_ROOTS", DEFAULT_ROOTS),
            commons_depth=reader.whole("PD_COMMONS_DEPTH", 4, at_least=0),
            commons_exclude=reader.titles("PD_COMMONS_EXCLUDE", ()),
            rights_profile=reader.choice("PD_RIGHTS_PROFILE", "strict", PROFILES),
            labels=reader.choice("PD_LABELS", "all", LABEL_POLICIES),
            max_side=reader.whole("PD_MAX_SIDE", 1280, at_least=16),
            recipe=reader.choice("PD_RECIPE", "small", RECIPE_NAMES),
            retrain_after=reader.whole("PD_RETRAIN_AFTER", 1000, at_least=1),
        )
        if reader.problems:
            raise ConfigError("; ".join(reader.problems))
        return settings


class _Reader:
    """Reads variables one by one and keeps what is wrong with each."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        return self.env.get(name, "").strip() or None

    def folder(self, name: str, default: str) -> Path:
        value = self.text(name) or default
        if "://" in value:
            self.problems.append(f"{name}={value}: a URL, expected a local folder; remote homes are not built yet")
        try:
            return Path(value).expanduser()
        except RuntimeError:
            self.problems.append(f"{name}={value}: found no home folder of that user, expected the path of a folder")
            return Path(default)

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
        try:
            parts = urlsplit(value)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            self.problems.append(f"{name}={value}: expected the URL of a MediaWiki api.php, such as {COMMONS_API}")
        return value

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

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value not in choices:
            self.problems.append(f"{name}={value}: expected one of {', '.join(choices)}")
            return default
        return value


def category_name(title: str) -> str:
    """A category's title in the form that keys use: no `Category:`, spaces for underscores, first letter upper."""
    name = " ".join(title.replace("_", " ").split())
    if name.lower().startswith("category:"):
        name = name[len("category:") :].strip()
    return name[:1].upper() + name[1:]


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = (urlsplit(url).hostname or "").lower()
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_contact(settings: Settings) -> str:
    """The contact for the User-Agent; ConfigError where an archive outside this machine is asked without one."""
    contact = settings.contact
    if is_loopback(settings.commons_api):
        return contact or "local use"
    if contact is None:
        raise ConfigError(
            f"PD_CONTACT is not set, and {urlsplit(settings.commons_api).hostname} is a live archive that must be able "
            "to reach you; set PD_CONTACT to your e-mail address or page, for instance in .env"
        )
    if EXAMPLE_DOMAIN.search(contact):
        raise ConfigError(
            f"PD_CONTACT={contact} is an example address, expected one that reaches you; "
            "set PD_CONTACT to your e-mail address or page"
        )
    return contact
