"""The local site: the pictures, a page for each, "is mine in it?", drawing, models, judging, reports.

A page is a module with `routes(served)` and a template of its name. It is thin: what it tells is in lib. It knows
neither Dagster nor torch: what draws is a child process (lib/drawing).
"""
