"""The settings of the platform by name: what docs/settings.md lists and Dagster's launchpad offers.

How each is read and checked is in settings.py; a test compares the names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One PD_* variable: what it means and its default, as Markdown.

    A secret is only read from the environment, and so is what is the machine's: it is the same for all of its runs.
    """

    name: str
    says: str
    default: str
    is_secret: bool = False
    is_of_machine: bool = False


def _setting(name: str, says: str, default: str, *, is_secret: bool = False, is_of_machine: bool = False) -> Setting:
    return Setting(name=name, says=says, default=default, is_secret=is_secret, is_of_machine=is_of_machine)


SETTINGS = (
    _setting(
        "PD_HOME",
        "where everything lies: a folder, or `s3://bucket/prefix` ([deploy.md](deploy.md))",
        "`./data`",
    ),
    _setting("PD_HOME_CACHE", "for a bucket: folder of its working copy on this machine", "below `~/.cache`"),
    _setting("PD_S3_ENDPOINT", "for a bucket: URL of the S3 API", "Amazon's"),
    _setting("PD_HOME_WAIT_S", "for a bucket: seconds to wait for another machine that writes", "`120`"),
    _setting("PD_HOME_PUSH_S", "for a bucket: seconds between pushes of a long step's work", "`600`"),
    _setting(
        "PD_BUCKETS",
        "how many buckets what is per item is cut into: a power of two, 1 for one machine, 256 for all of Commons; a "
        "home keeps the number that it was made with, `pdd rebucket` changes it ([deploy.md](deploy.md))",
        "`1`; as the home was made",
    ),
    _setting("PD_CONTACT", "your e-mail or page, sent in the User-Agent; required for live archives", "none"),
    _setting("PD_COMMONS_API", "Action API of Commons or of any MediaWiki", "the live API"),
    _setting("PD_COMMONS_TOKEN", "optional OAuth2 bearer token for the API", "none", is_secret=True),
    _setting(
        "PD_COMMONS_ROOTS",
        "category titles, separated by `;`",
        "`PD-Art (PD-old-100-expired);PD-Art (PD-old-100)`",
    ),
    _setting("PD_COMMONS_DEPTH", "how many steps below the roots to walk", "`4`"),
    _setting("PD_COMMONS_EXCLUDE", "categories never entered, separated by `;`", "none"),
    _setting(
        "PD_WIKIDATA_API",
        "where persons, works and the names of depicted things are asked for: an `api.php`, or `none`",
        "Wikidata; `PD_COMMONS_API` itself where that is on this machine",
    ),
    _setting(
        "PD_ARCHIVE_HOSTS",
        "further hosts that deliver files, at private addresses too: `host` or `host:port`, separated by `;`",
        "none",
    ),
    _setting(
        "PD_SMITHSONIAN_INDEX",
        "bulk metadata of the Smithsonian: a URL, or a folder with a copy",
        "the public bucket",
    ),
    _setting(
        "PD_SMITHSONIAN_UNITS",
        "units that `weekly_smithsonian` keeps up to date, separated by `;`, or `all`",
        "none",
    ),
    _setting("PD_SMITHSONIAN_KEY", "key of the Smithsonian's search API, for small pulls", "none", is_secret=True),
    _setting(
        "PD_CLEVELAND_INDEX",
        "the Cleveland Museum of Art's `data.json`: its URL, a file or folder with a copy, or the address of its API",
        "the public repository",
    ),
    _setting(
        "PD_RIGHTS_PROFILE",
        "`strict` (free in the US and at life+100 in the source country, or dedicated), `life70`, `us`",
        "`strict`",
    ),
    _setting(
        "PD_FRESH_DAYS",
        "days after its upload that a file stays in quarantine, so that others have looked at it",
        "30; 0 where `PD_COMMONS_API` is on this machine",
    ),
    _setting(
        "PD_STALE_DAYS",
        "days that a page may not have been read anew, because it or its category could not be, before its picture"
        " leaves the next dataset until it can",
        "`14`",
    ),
    _setting("PD_LABELS", "`cc0` (only CC0 label fields) or `all` (adds CC BY-SA text; each row says so)", "`all`"),
    _setting(
        "PD_LANGUAGE",
        "language of the labels that captions are made of, where a field has several (all are kept)",
        "`en`",
    ),
    _setting("PD_MAX_SIDE", "longest side kept, pixels", "`1280`"),
    _setting("PD_RECIPE", "`debug` (minutes on a CPU), `small` (64 px), `base` (128 px)", "`small`"),
    _setting(
        "PD_WARM_START",
        "`1`: a training goes on from the weights of the model in use, where architecture and inputs fit "
        "and it saw no picture that was withdrawn since; its tokenizer is kept. `0`: from scratch",
        "`0`",
    ),
    _setting(
        "PD_RETRAIN_AFTER",
        "new licensed pictures that trigger a retraining: a number, or a share such as `5%` of those trained on",
        "`1000`",
    ),
    _setting(
        "PD_RETRAIN_LATENT",
        "`1`: a retraining makes the latent models and the upscaler too, not the pixel models alone",
        "`0`",
    ),
    _setting(
        "PD_TAKEDOWN_POLICY",
        "what `takedown_watch` asks for where a model saw a picture that is no longer free: `flag`, or `retrain` too",
        "`flag`",
    ),
    _setting(
        "PD_RETRAIN_ENABLED",
        "`1`: `retrain_on_new_images` is on, `0`: off; what was switched in the UI stays",
        "as `PD_SCRAPE_ENABLED`",
    ),
    _setting(
        "PD_TRAIN_SET",
        "changes to the recipes of every training, `STAGE.field=value` separated by `;`, such as "
        "`transformer.steps=50000`",
        "none",
    ),
    _setting("PD_WATCH_EVERY_S", "seconds between two looks of `retrain_on_new_images` and `takedown_watch`", "`60`"),
    _setting(
        "PD_KEEP_DATASETS_DAYS",
        "days that a dataset version is kept which is not `latest` and which no model and no run needs; a"
        " stopped training goes as long after its dataset",
        "`30`",
    ),
    _setting("PD_SCRAPE_CRON", "when `nightly_scrape` comes: minute, hour, day, month, weekday", "`0 2 * * *`"),
    _setting("PD_SCRAPE_TIMEZONE", "the time zone of PD_SCRAPE_CRON", "`UTC`"),
    _setting(
        "PD_SCRAPE_ENABLED",
        "`1`: `nightly_scrape` and `takedown_watch` are on, `0`: off; what was switched in the UI stays",
        "`1` in `make up` where `PD_CONTACT` is set, else `0`",
    ),
    _setting(
        "PD_ALLOWED_HOSTS",
        "names besides `127.0.0.1` and `localhost` under which our pages answer, separated by `,`: those of a proxy "
        "before them ([deploy.md](deploy.md))",
        "none",
        is_of_machine=True,
    ),
    _setting(
        "PD_CLEAN_ROOM",
        "`auto`: a training runs as well kept from everything that it was not given as this machine can, and says how "
        "well; `require`: not without the kernel's whole keeping; `off` ([clean-room.md](clean-room.md))",
        "`auto`",
        is_of_machine=True,
    ),
    _setting(
        "PD_MARKS_KEY",
        "private key as PEM that signs the content credentials of drawn pictures; with PD_MARKS_CHAIN "
        "([marks.md](marks.md))",
        "a test key of this machine",
        is_of_machine=True,
    ),
    _setting(
        "PD_MARKS_CHAIN",
        "its certificate and those above it, as PEM, that of the key first",
        "that of the test key",
        is_of_machine=True,
    ),
    _setting(
        "PD_PROVIDER",
        "who hands models out and answers for what they draw, as papers and credentials name them "
        "([release.md](release.md))",
        "none",
        is_of_machine=True,
    ),
    _setting(
        "PD_SIGNING_KEY",
        "private EC key (P-256 or P-384) as PEM that signs bundles; no release without one",
        "none",
        is_of_machine=True,
    ),
    _setting(
        "PD_WEIGHTS_LICENCE",
        "licence of weights that were shown free label texts alone: `OpenMDW-1.1` or `CC0-1.0`; that of others is "
        "CC BY-SA 4.0",
        "`OpenMDW-1.1`",
    ),
    _setting(
        "PD_EU_REPRESENTATIVE",
        "name and contact of the provider's authorised representative in the European Union",
        "none",
    ),
    _setting(
        "PD_CODE_OF_PRACTICE",
        "`1`: the provider signed the Code of Practice for general-purpose AI models; papers say so",
        "`0`",
    ),
    _setting("PD_DOWNLOAD_URL", "where bundles can be had, as their papers name it", "none"),
    _setting(
        "PD_DUCKDB_THREADS", "threads that join tables", "the cores that may be used, at most 8", is_of_machine=True
    ),
    _setting(
        "PD_DUCKDB_MEMORY_MB",
        "memory for joining tables, megabytes; what exceeds it goes to `PD_HOME/.tmp`",
        "a quarter of what may be used",
        is_of_machine=True,
    ),
    _setting(
        "PD_DECODERS",
        "pictures that are decoded at a time, each by a process that may take 2.5 GB",
        "as cores and memory allow, at most 4",
        is_of_machine=True,
    ),
    _setting(
        "PD_RETRY_WAIT_S",
        "seconds before a step that failed of network or memory is tried again, doubled each of three times",
        "`60`",
    ),
    _setting(
        "PD_ALERT_WEBHOOK",
        "where failed runs are posted to as JSON; `alerts.log` in `PD_HOME` has them in any case",
        "none",
    ),
    _setting("PD_ALERT_EMAIL", "who gets an e-mail about failed runs, by PD_SMTP_HOST", "none"),
    _setting("PD_SMTP_HOST", "the server that sends the e-mail", "none"),
    _setting("PD_SMTP_PORT", "its port; on 465 TLS from the start", "`25`"),
    _setting("PD_SMTP_USER", "who signs in there", "none", is_secret=True),
    _setting("PD_SMTP_PASSWORD", "with which password; sent over verified TLS only", "none", is_secret=True),
    _setting(
        "PD_HUB_ENDPOINT",
        "the hub that `pdd publish` sends to: its address, with `https://`",
        "`https://huggingface.co`",
        is_of_machine=True,
    ),
    _setting("PD_HUB_TOKEN", "the token that may write there", "none", is_secret=True),
    _setting("PD_SHARD_MB", "a shard of the dataset holds at most this many megabytes of pictures", "`256`"),
    _setting("PD_EXPORT_INCLUDE", "categories to export, with all below them, separated by `;`", "all"),
    _setting("PD_EXPORT_EXCLUDE", "categories to leave out, with all below them, separated by `;`", "none"),
    _setting("PD_EXPORT_LIMIT", "export so many pictures, drawn at random; 0 for all", "`0`"),
    _setting("PD_EXPORT_MAX_SIDE", "longest side of an exported picture, pixels; 0 as stored", "`0`"),
    _setting("PD_EXPORT_MIN_SIDE", "shortest side of an exported picture, pixels; 0 for no bound", "`0`"),
    _setting("PD_EXPORT_PER_ARTIST", "most pictures by one artist; 0 for all", "`0`"),
    _setting("PD_EXPORT_PER_CLUSTER", "most copies of one picture; 0 for all", "`0`"),
    _setting("PD_EXPORT_FORMAT", "`parquet`, or `webdataset` for Parquet and tars", "`parquet`"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def as_markdown() -> str:
    """The page docs/settings.md."""
    lines = [f"| `{one.name}` | {one.says} | {one.default} |" for one in SETTINGS]
    head = (
        "# Settings\n\n"
        "Every setting is an environment variable, read once; `.env` in the folder of the project is honoured. Each\n"
        "can be set for one run in Dagster's launchpad too (resource `platform`), but for tokens, keys, passwords and\n"
        "what is the machine's (`PD_ALLOWED_HOSTS`, `PD_CLEAN_ROOM`, `PD_MARKS_*`, `PD_PROVIDER`, `PD_SIGNING_KEY`,\n"
        "`PD_DUCKDB_*`, `PD_DECODERS`, `PD_HUB_ENDPOINT`).\n"
        "Mistakes are told before anything starts, all of them at once. `make goldens` writes this page.\n"
    )
    return "\n".join([head, "| name | meaning | default |", "|---|---|---|", *lines, ""])
