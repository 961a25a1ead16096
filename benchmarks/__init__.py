"""Benchmarks that others can run too. Nothing of pd_assets or pd_ml imports them, and no wheel holds them."""
