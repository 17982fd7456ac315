"""Check → options → decide → lines → audit: the only place that knows the order."""

from layoutopt.pipeline.run import optimize

__all__ = ["optimize"]
