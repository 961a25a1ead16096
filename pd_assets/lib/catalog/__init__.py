"""The tables: their schemas, how they are read and written, and the SQL that joins them."""
