"""Policy: what planners choose."""

from layoutopt.policy.policy import Policy, presets

__all__ = ["Policy", "presets"]
