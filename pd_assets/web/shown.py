"""The home that a site shows: never made by it, and one that cannot be written is only asked."""

from pathlib import Path

from pd_assets.lib.home import Home, is_read_only, open_home
from pd_assets.lib.settings import Settings


def home_to_show(settings: Settings, *, read_only: bool = False) -> Home:
    """The home of the settings. ConfigError where there is none, or it is of another version's format."""
    place = settings.home
    missing = isinstance(place, Path) and not place.is_dir()
    return open_home(place, to_ask=read_only or missing or is_read_only(place))
