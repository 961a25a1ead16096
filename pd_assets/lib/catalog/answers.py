"""Answers to questions over whole tables, kept under PD_HOME/.tmp: asked again of the same tables, nothing is read.

For what is asked every night, and needs columns that are costly to read. It may not ask for volatile columns, which are
no part of a table's digest. An answer that is lost, damaged or of other SQL is found anew.
"""

import hashlib
import json
from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, replacing

MADE_OF = b"pd.made_of"


def answer(home: Home, name: str, inputs: Mapping[str, Table], parameters: Mapping[str, object]) -> pa.Table:
    """What `<name>.sql` gives over these tables with these parameters, as `tables.query`."""
    sql = load(name)
    asked = json.dumps([name, dict(parameters)], sort_keys=True)
    # A table that was never written has no digest.
    written = {view: table for view, table in inputs.items() if tables.parts(home, table)}
    digests = {view: tables.stored_digest(home, table) for view, table in written.items()}
    made_of = json.dumps([sql, digests, duckdb.__version__]).encode()
    path = home.scratch / f"answer-{name}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.parquet"
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if (file.metadata.metadata or {}).get(MADE_OF) == made_of:
                return file.read()
    except (OSError, pa.ArrowException):
        pass
    found = tables.query(home, sql, inputs, parameters)
    with replacing(path) as partial, pq.ParquetWriter(partial, found.schema, **WRITTEN) as writer:
        writer.write_table(found)
        writer.add_key_value_metadata({MADE_OF: made_of})
    return found
