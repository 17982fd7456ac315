"""What each worker process of ours does first: one thread a solve, and Ctrl-C left to the command that started it."""

from __future__ import annotations

import os
import signal
import threading

from layoutopt.integrated.watch import THREADS


def dask_setup(worker: object) -> None:
    """Called by dask in a new worker process. A terminal sends Ctrl-C to every process; one of them answers it."""
    os.environ[THREADS] = "1"
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
