"""Around a step: measuring it, skipping it, what earlier runs say, asking for a run, launching it.

Private APIs of Dagster are imported here and nowhere else.
"""
