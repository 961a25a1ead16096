"""Resources only configure, and return plain objects of the domain. The environment is read here, once a run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.ledger import recording
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.running.step import at_work_in_step


class Platform(dg.ConfigurableResource):
    """The PD_* settings. An empty field takes the environment variable of the same name, or its default."""

    pd_home: str = Field(default="", description="where everything lies")
    pd_contact: str = Field(default="", description="your e-mail or page; required for live archives")
    pd_commons_api: str = Field(default="", description="Action API of Commons or of any MediaWiki")
    pd_commons_roots: str = Field(default="", description="category titles, separated by ;")
    pd_commons_depth: str = Field(default="", description="how many steps below the roots to walk")
    pd_commons_exclude: str = Field(default="", description="categories never entered, separated by ;")
    pd_wikidata_api: str = Field(default="", description="where names of things are asked for: a URL, or none")
    pd_smithsonian_index: str = Field(default="", description="root of the bulk metadata: a URL or a folder")
    pd_smithsonian_units: str = Field(default="", description="units to keep up to date, separated by ;, or all")
    pd_rights_profile: str = Field(default="", description="strict, life70 or us")
    pd_fresh_days: str = Field(default="", description="days that an upload stays in quarantine")
    pd_labels: str = Field(default="", description="cc0 (only CC0 label fields) or all")
    pd_language: str = Field(default="", description="language of the labels that captions are made of, such as en")
    pd_max_side: str = Field(default="", description="longest side kept, pixels")
    pd_recipe: str = Field(default="", description="debug, small or base")
    pd_warm_start: str = Field(default="", description="1: a training goes on from the model in use where it fits")
    pd_retrain_after: str = Field(default="", description="new licensed pictures that trigger a training: 1000, or 5%")
    pd_train_set: str = Field(default="", description="changes to the recipes: STAGE.field=value, separated by ;")
    pd_retrain_latent: str = Field(default="", description="1: a retraining makes latent models and upscaler too; or 0")
    pd_takedown_policy: str = Field(default="", description="what a takedown asks for: flag the models, or retrain")
    pd_alert_webhook: str = Field(default="", description="where failures are posted to, as JSON")
    pd_alert_email: str = Field(default="", description="who gets an e-mail about failures, by PD_SMTP_HOST")
    pd_keep_datasets_days: str = Field(default="", description="days that a dataset nothing needs is kept")
    pd_shard_mb: str = Field(default="", description="a shard holds at most this many megabytes of pictures")
    pd_export_include: str = Field(default="", description="only these categories and all below them, separated by ;")
    pd_export_exclude: str = Field(default="", description="without these categories and all below, separated by ;")
    pd_export_limit: str = Field(default="", description="so many pictures at random; 0 for all")
    pd_export_max_side: str = Field(default="", description="longest side of an exported picture, pixels; 0 as stored")
    pd_export_min_side: str = Field(default="", description="shortest side of an exported picture, pixels")
    pd_export_per_artist: str = Field(default="", description="most pictures by one artist; 0 for all")
    pd_export_per_cluster: str = Field(default="", description="most copies of one picture; 0 for all")
    pd_export_format: str = Field(default="", description="parquet, or webdataset: Parquet and tars")

    def settings(self) -> Settings:
        """The resolved settings; ConfigError lists every mistake."""
        given = {name.upper(): value for name, value in self.model_dump().items() if name.startswith("pd_") and value}
        return Settings.from_env({**os.environ, **given})

    def home(self) -> Home:
        """PD_HOME, made where it is missing; ConfigError where it cannot be written. In a step it is there to write."""
        return at_work_in_step(open_home(self.settings().home))

    def home_as_it_is(self) -> Home:
        """PD_HOME as this machine has it, also where its bucket cannot be reached."""
        return open_home(self.settings().home, as_it_is=True)

    @contextmanager
    def session(self, run_id: str, archive: str | None = None) -> Iterator[PoliteSession]:
        """A polite HTTP session whose traffic goes to http/ledger; ConfigError for a live archive without a contact.

        `archive` is the one that is asked, Commons where none is given.
        """
        with recording(self.home(), run_id, PoliteSession(require_contact(self.settings(), archive))) as session:
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
