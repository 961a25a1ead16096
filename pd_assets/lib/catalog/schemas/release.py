"""Which pictures models saw. Its columns are those of the file that a training leaves beside its weights."""

from pd_assets.lib.catalog.schemas.table import Kept, Table
from pd_ml.provenance import LEDGER_COLUMNS

MODEL_LEDGER = Table(
    key="release/ledger",
    kept=Kept.EVIDENCE,
    sort_by=("item_id",),
    columns=LEDGER_COLUMNS,
)
