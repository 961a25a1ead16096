"""Tests against the real thing: a real MediaWiki, real Dagster runs, a real browser."""
