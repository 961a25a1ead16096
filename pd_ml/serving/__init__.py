"""Drawing for a page: a process that keeps models in memory and answers JSON lines."""
