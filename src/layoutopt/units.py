"""Conversions between the units people write and the units the library computes in."""

from __future__ import annotations

M_PER_KM = 1_000.0
MIN_PER_H = 60.0
S_PER_MIN = 60.0
SLACK_MIN = 1e-6
"""Minutes are sums of floats; what is this little over a limit still keeps it."""


def minutes(distance_km: float, speed_kmh: float) -> float:
    """Return the minutes ``distance_km`` takes at ``speed_kmh``."""
    return distance_km / speed_kmh * MIN_PER_H
