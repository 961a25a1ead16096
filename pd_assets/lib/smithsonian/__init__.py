"""The Smithsonian Open Access: its bulk metadata and search API, its records, and where its pictures are delivered."""
