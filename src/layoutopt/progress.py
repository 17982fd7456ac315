"""Progress of long work: a bar on a terminal, a caller's function, or silence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
