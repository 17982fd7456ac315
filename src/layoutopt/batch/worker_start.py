"""What each worker process of ours does first: leave Ctrl-C to the command that started it."""

from __future__ import annotations

import signal
import threading


def dask_setup(worker: object) -> None:
    """Called by dask in a new worker process. A terminal sends Ctrl-C to every process; one of them answers it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
