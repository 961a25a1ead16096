"""What a config may not be: each check returns what is wrong, `refuse` raises all of it. No torch in here.

Errors: ConfigError.
"""

from collections.abc import Sequence

from pd_ml.errors import ConfigError


def not_positive(config: object, names: Sequence[str]) -> list[str]:
    found = {name: getattr(config, name) for name in names}
    return [f"{name} is {value}, expected more than 0" for name, value in found.items() if not value > 0]


def negative(config: object, names: Sequence[str]) -> list[str]:
    found = {name: getattr(config, name) for name in names}
    return [f"{name} is {value}, expected 0 or more" for name, value in found.items() if value < 0]


def not_one_of(name: str, value: str, options: Sequence[str]) -> list[str]:
    return [] if value in options else [f"{name} is {value!r}, expected one of {', '.join(options)}"]


def not_below_one(name: str, value: float) -> list[str]:
    return [] if 0 <= value < 1 else [f"{name} is {value}, expected a share below 1"]


def refuse(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigError("; ".join(problems))
