"""Asset checks: one module per group that needs them."""
