"""Many runs: studies, policies, years and scenarios from one file, worked off by dask and kept run by run."""

from layoutopt.batch.drive import estimate_batch, run_batch
from layoutopt.batch.results import read_results
from layoutopt.batch.sweep import Sweep, read_sweep

__all__ = ["Sweep", "estimate_batch", "read_results", "read_sweep", "run_batch"]
