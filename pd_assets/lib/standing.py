"""What a command stands on: the settings of the environment, and of the home what these leave open.

A home knows which archive filled it: that is its archive wherever PD_COMMONS_API does not name another. One that the
sandbox filled knows its sandbox too (`Sandbox`), and trains with the recipe of the demo. Nobody is asked here, and
nothing is written.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings

ARCHIVE, RECIPE = "PD_COMMONS_API", "PD_RECIPE"
RECIPE_OF_A_SANDBOX = "debug"


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """The sandbox that fills a home: its port on this machine, and the folder of its pictures; None: it draws them."""

    port: int
    pictures: Path | None


def of_the_environment(env: Mapping[str, str] | None = None) -> Settings:
    """The settings of a command, of `env` (default: the process environment) and of the home that this names.

    ConfigError lists every mistake.
    """
    given = os.environ if env is None else env
    return Settings.from_env({**known_of_home(Settings.from_env(given)), **_said(given)})


def known_of_home(settings: Settings) -> dict[str, str]:
    """What a home says of itself, as settings; nothing for one in a bucket, whose copy may not be here yet."""
    if not isinstance(settings.home, Path):
        return {}
    home = Home(root=settings.home)
    known = {ARCHIVE: archive} if (archive := _archive(home)) else {}
    return {**known, RECIPE: RECIPE_OF_A_SANDBOX} if sandbox_of(home) is not None else known


def sandbox_of(home: Home) -> Sandbox | None:
    """The sandbox that fills this home, or None where no sandbox does.

    ConfigError where the note of it is damaged, or the home cannot be looked at.
    """
    marker = home.root / "sandbox" / "sandbox.json"
    try:
        text = marker.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(
            f"{marker}: cannot be read ({error}); set PD_HOME to a folder that can be read and written"
        ) from error
    try:
        raw = json.loads(text)
        return Sandbox(port=int(raw["port"]), pictures=Path(raw["pictures"]) if raw["pictures"] else None)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f'{marker}: damaged ({error!r}); expected {{"port": 8421, "pictures": null}}, the port that page addresses '
            f"in the tables name"
        ) from error


def answers_while(home: Home, address: object) -> str:
    """The command that has to run for a page of the home's sandbox to answer; nothing for every other page."""
    try:
        found = sandbox_of(home)
    except ConfigError:
        return ""
    if found is None or not str(address).startswith(f"http://127.0.0.1:{found.port}/"):
        return ""
    return f"pdd sandbox --port {found.port}{' --pictures DIR' if found.pictures else ''}"


def _archive(home: Home) -> str | None:
    """Its archive; None where it cannot be told, which every step that asks the archive says."""
    try:
        return home.archive
    except ConfigError:
        return None


def _said(given: Mapping[str, str]) -> dict[str, str]:
    """What is really said: an empty variable says nothing."""
    return {name: value for name, value in given.items() if value.strip()}
