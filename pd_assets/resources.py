"""Resources only configure, and return plain objects of the domain. The environment is read here, once a run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field, create_model

from pd_assets.lib.addresses import archives_of
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.ledger import recording
from pd_assets.lib.setting_names import SETTINGS
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.lib.standing import of_the_environment
from pd_assets.running.step import at_work_in_step


def _fields() -> dict[str, tuple[type[str], object]]:
    """A field of the launchpad for each setting that is no secret and a run's own."""
    plain = [setting for setting in SETTINGS if not (setting.is_secret or setting.is_of_machine)]
    return {one.name.lower(): (str, Field(default="", description=f"{one.says} ({one.default})")) for one in plain}


_Launchpad = create_model("_Launchpad", __base__=dg.ConfigurableResource, **_fields())  # type: ignore[call-overload]


class Platform(_Launchpad):  # type: ignore[valid-type, misc]  # its fields are those of SETTINGS
    """The PD_* settings. An empty field takes the environment variable of the same name, or its default."""

    def settings(self) -> Settings:
        """The resolved settings; ConfigError lists every mistake."""
        given = {name.upper(): value for name, value in self.model_dump().items() if name.startswith("pd_") and value}
        return of_the_environment({**os.environ, **given})

    def home(self) -> Home:
        """PD_HOME, made where it is missing; ConfigError where it cannot be written. In a step it is there to write."""
        settings = self.settings()
        return at_work_in_step(open_home(settings.home), buckets=settings.buckets)

    def home_as_it_is(self) -> Home:
        """PD_HOME as this machine has it, also where its bucket cannot be reached."""
        return open_home(self.settings().home, as_it_is=True)

    @contextmanager
    def session(self, run_id: str, archive: str | None = None) -> Iterator[PoliteSession]:
        """A polite HTTP session whose traffic goes to http/ledger; ConfigError for a live archive without a contact.

        `archive` is the one that is asked, Commons where none is given.
        """
        settings = self.settings()
        polite = PoliteSession(require_contact(settings, archive), archives=archives_of(settings))
        with recording(self.home(), run_id, polite) as session:
            yield session

    def commons(self, session: PoliteSession) -> CommonsClient:
        """The client of the configured archive; the category walk makes sure that it is one."""
        settings = self.settings()
        return CommonsClient(settings.commons_api, session, thumb_side=settings.max_side, token=settings.commons_token)

    @contextmanager
    def wikidata(self, run_id: str) -> Iterator[CommonsClient | None]:
        """The client of the archive that knows the names of things, or None where none is to be asked."""
        api = self.settings().wikidata_api
        if api is None:
            yield None
            return
        with self.session(run_id, api) as session:
            yield CommonsClient(api, session, thumb_side=self.settings().max_side)
