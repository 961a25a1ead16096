"""The platform's domain in plain Python: no Dagster and no torch in here."""
