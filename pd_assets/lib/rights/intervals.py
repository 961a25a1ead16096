"""Wilson's interval of a share."""

import math

# 95% of intervals made so hold the true rate.
Z = 1.959963984540054


def wilson(share: float, judged: float) -> tuple[float, float]:
    """Wilson's 95% score interval (1927) of a share among `judged` answers; without answers, everything is possible."""
    if judged <= 0:
        return 0.0, 1.0
    centre = share + Z**2 / (2 * judged)
    width = Z * math.sqrt(share * (1 - share) / judged + Z**2 / (4 * judged**2))
    below = 1 + Z**2 / judged
    return max(0.0, (centre - width) / below), min(1.0, (centre + width) / below)
