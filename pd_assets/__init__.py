"""The Dagster code location: thin glue over `lib/`, where the platform's domain lives."""
