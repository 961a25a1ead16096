"""From evidence to decision: what a page claims, and the table of rules that accepts, rejects or quarantines it."""
