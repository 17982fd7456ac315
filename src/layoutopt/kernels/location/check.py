"""Every rule of a location question checked on an answer, without a solver."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.location.contiguity import loose_pieces
from layoutopt.kernels.location.instance import ROUNDING, Answer, Instance
from layoutopt.kernels.location.reading import listed


def faults(instance: Instance, answer: Answer) -> tuple[str, ...]:
    """Return every rule the answer breaks, in words; empty when it is valid."""
    return (*_service(instance, answer), *_sites(instance, answer), *_areas(instance, answer))


def _service(instance: Instance, answer: Answer) -> list[str]:
    found = []
    served = np.bincount(instance.unit, weights=answer.share, minlength=instance.units)
    wrong = np.flatnonzero(np.abs(served - 1.0) > ROUNDING)
    if len(wrong):
        found.append(f"Units {listed(wrong)} are not served exactly once.")
    if (answer.share < 0).any():
        found.append("Some shares are negative.")
    parted = (answer.share > ROUNDING) & (answer.share < 1 - ROUNDING)
    if not instance.split and parted.any():
        found.append(f"Units {listed(np.unique(instance.unit[parted]))} are split.")
    shut = (answer.share > 0) & ~answer.open[instance.site]
    if shut.any():
        found.append(f"Sites {listed(np.unique(instance.site[shut]))} serve units but are not open.")
    if instance.closest:
        found += _farther(instance, answer)
    return found


def _farther(instance: Instance, answer: Answer) -> list[str]:
    """Units with an open allowed site that costs less than one they use."""
    cheapest = np.full(instance.units, np.inf)
    is_open = answer.open[instance.site]
    np.minimum.at(cheapest, instance.unit[is_open], instance.cost[is_open])
    limit = cheapest[instance.unit] * (1 + 1e-9) + 1e-12
    farther = (answer.share > ROUNDING) & (instance.cost > limit)
    if not farther.any():
        return []
    return [f"Units {listed(np.unique(instance.unit[farther]))} pass a closer open site."]


def _sites(instance: Instance, answer: Answer) -> list[str]:
    found = []
    load = answer.loads(instance)
    full = np.flatnonzero(load > instance.capacity * (1 + ROUNDING) + 1e-9)
    if len(full):
        found.append(f"Sites {listed(full)} are above their capacity: {load[full[0]]:g} at site {full[0]}.")
    thin = np.flatnonzero(answer.open & (load < instance.low * (1 - ROUNDING) - 1e-9))
    if len(thin):
        found.append(f"Sites {listed(thin)} are below their min_load: {load[thin[0]]:g} at site {thin[0]}.")
    if (instance.must & ~answer.open).any():
        found.append(f"Sites {listed(np.flatnonzero(instance.must & ~answer.open))} are required open.")
    if (instance.banned & answer.open).any():
        found.append(f"Sites {listed(np.flatnonzero(instance.banned & answer.open))} are required closed.")
    number = int(answer.open.sum())
    if instance.count is not None and number != instance.count:
        found.append(f"{number} sites are open, open_count is {instance.count}.")
    return found


def _areas(instance: Instance, answer: Answer) -> list[str]:
    if instance.neighbours is None:
        return []
    arc = answer.main_arc(instance)
    if (arc < 0).any():
        return []
    return [
        f"Site {site}: units {listed(units)} are cut off from its area." for site, units in loose_pieces(instance, arc)
    ]
