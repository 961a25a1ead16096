"""Datasets as training sees them: the shard format, and the loader that turns shards into batches."""
