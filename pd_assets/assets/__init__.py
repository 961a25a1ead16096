"""One module per asset group, named after the first segment of its asset keys."""

import warnings

import dagster as dg

# Each parameter that Dagster marks as beta would print a warning in every process that loads the definitions.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
