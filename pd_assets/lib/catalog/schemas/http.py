"""What was asked of other hosts."""

from pd_assets.lib.catalog.schemas.table import BIG, INSTANT, REAL, TEXT, Kept, Table

LEDGER = Table(
    key="http/ledger",
    kept=Kept.TWICE,
    sort_by=("started_at", "run_id", "host", "kind"),
    columns={
        "run_id": (TEXT, "the run that asked, as Dagster names it; one run has a row for each step, host and kind"),
        "host": (TEXT, "the host that was asked, with its port where it has one"),
        "kind": (TEXT, "`api` or `media`"),
        "requests": (BIG, "requests made, redirects and repetitions included"),
        "bytes": (BIG, "bytes of the answers' bodies as they came over the line"),
        "waited_s": (REAL, "seconds waited so as not to ask too often or too fast, summed over all threads"),
        "retries": (BIG, "requests made because an earlier one failed"),
        "errors": (TEXT, 'what went wrong and how often, as JSON: `{"HTTP 429": 2, "maxlag": 1}`'),
        "started_at": (INSTANT, "when the host was asked first"),
        "ended_at": (INSTANT, "when its last answer was read"),
    },
)
