"""One call of the Action API: its parameters, the warnings it collects, and the errors it may end in."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.archive import ISO, Archive

Row = dict[str, object]
Additions = dict[int, Row]
MULTI_LIMIT = 50
LIST_LIMIT = 500


class ApiError(SandboxError):
    """An error that the API answers with: a code and an explanation."""

    def __init__(self, code: str, info: str) -> None:
        super().__init__(info)
        self.code = code
        self.info = info


class Call:
    """Parameters of one call with typed access. `used` remembers which were read, for the unknown-parameter warning;
    `limits` what `max` meant."""

    def __init__(self, params: Mapping[str, str], archive: Archive, base_url: str) -> None:
        self.params = params
        self.archive = archive
        self.base_url = base_url
        self.used: set[str] = set()
        self.warnings: list[tuple[str, str]] = []
        self.limits: Row = {}

    def text(self, name: str, default: str = "") -> str:
        self.used.add(name)
        return self.params.get(name, default)

    def given(self, name: str) -> str | None:
        self.used.add(name)
        return self.params.get(name)

    def flag(self, name: str) -> bool:
        """True when the parameter is there at all, as in MediaWiki."""
        return self.given(name) is not None

    def several(self, name: str, default: str = "") -> list[str]:
        """Values separated by `|` (or by U+001F where the parameter starts with it)."""
        value = self.text(name, default)
        if value.startswith("\x1f"):
            return value[1:].split("\x1f")
        return value.split("|") if value else []

    def batch(self, name: str) -> list[str]:
        """At most 50 values. Errors: ApiError toomanyvalues."""
        values = self.several(name)
        if len(values) > MULTI_LIMIT:
            raise ApiError(
                "toomanyvalues",
                f'Too many values supplied for parameter "{name}". The limit is {MULTI_LIMIT}.',
            )
        return values

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise ApiError("badvalue", f'Unrecognized value for parameter "{name}": {value}.')
        return value

    def choices(self, module: str, name: str, allowed: Sequence[str], default: str) -> list[str]:
        """Several values; unknown ones are dropped with a warning."""
        values = self.several(name, default)
        unknown = [value for value in values if value not in allowed]
        if unknown:
            plural = "s" if len(unknown) > 1 else ""
            self.warn(module, f'Unrecognized value{plural} for parameter "{name}": {", ".join(unknown)}.')
        return [value for value in values if value in allowed]

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        try:
            return int(value)
        except ValueError:
            raise ApiError("badinteger", f'Invalid value "{value}" for integer parameter "{name}".') from None

    def limit(self, module: str, name: str, default: int = 10) -> int:
        """A list's limit, 1 to 500; more is cut with a warning."""
        if self.text(name) == "max":
            self.limits[module] = LIST_LIMIT
            return LIST_LIMIT
        value = self.number(name, default)
        if value > LIST_LIMIT:
            self.warn(module, f'The value passed for "{name}" must be between 1 and {LIST_LIMIT}.')
        if value < 1:
            raise ApiError("outofrange", f'The value passed for "{name}" must be between 1 and {LIST_LIMIT}.')
        return min(value, LIST_LIMIT)

    def timestamp(self, name: str) -> str | None:
        """A time in ISO form, from ISO or MediaWiki's 14 digits."""
        value = self.given(name)
        return None if value is None else _iso(value, name)

    def warn(self, module: str, text: str) -> None:
        self.warnings.append((module, text))


def bad_continue() -> ApiError:
    return ApiError(
        "badcontinue", "Invalid continue param. You should pass the original value returned by the previous query."
    )


def digits(timestamp: str) -> str:
    """An ISO time as MediaWiki's 14 digits."""
    return re.sub(r"\D", "", timestamp)


def _iso(value: str, name: str) -> str:
    if value == "now":
        return datetime.now(UTC).strftime(ISO)
    if re.fullmatch(r"\d{14}", value):
        return datetime.strptime(value, "%Y%m%d%H%M%S").strftime(ISO)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ApiError("badtimestamp", f'Invalid value "{value}" for timestamp parameter "{name}".') from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).strftime(ISO)
