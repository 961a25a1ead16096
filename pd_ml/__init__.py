"""Models and training in plain torch, diffusers and transformers. No Dagster, no DuckDB, no network in here."""
