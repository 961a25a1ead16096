"""The gallery of a home: every item with its verdict, found by facets, by words and by look.

All of it is derived from the tables and lies under `.index`; it may be deleted. `keeping` is where others begin. Whether
a picture may be shown is told by `standing`, from takedowns as of now.
"""
