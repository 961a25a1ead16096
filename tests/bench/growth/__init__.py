"""Every asset, check, sensor and question of the platform at 1x, 3x and 10x of rows: what costs more than linear, and
what keeps in memory what grows with them. `python -m tests.bench.growth --help` says how.
"""
