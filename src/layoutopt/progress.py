"""Progress of long work and a patient Ctrl-C: the first asks for the best so far, the second stops at once."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Report = Callable[[float, str], None]
Progress = bool | Report
log = logging.getLogger(__name__)


@contextmanager
def reporter(progress: Progress) -> Iterator[Report]:
    """Yield a function of (share done, message) that shows progress as the caller wished."""
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda share, message: log.debug("%3.0f %% %s", 100 * share, message)
        return
    from tqdm import tqdm

    layout = "{desc:<60.60} {percentage:3.0f}% |{bar:20}| {elapsed}"
    with tqdm(total=100, bar_format=layout, leave=False, disable=None) as bar:

        def report(share: float, message: str) -> None:
            bar.set_description_str(message, refresh=False)
            bar.n = max(bar.n, round(100 * share))
            bar.refresh()

        yield report


@contextmanager
def patient_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed; a second press raises KeyboardInterrupt.

    Only in the main thread; elsewhere nothing is caught and the answer is always False.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()
        log.warning("Stopping with the best plan so far; press Ctrl-C again to stop at once.")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
