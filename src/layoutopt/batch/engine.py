"""dask.distributed, which does the runs: local processes by default, or a cluster that is there."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from layoutopt.batch.runs import Run, code_version
from layoutopt.batch.store import LOST, Ended
from layoutopt.batch.task import prepare, work
from layoutopt.errors import AskError, MissingExtraError
from layoutopt.network.keep import cache_folder

TRIES = 3
"""How many workers a run may cost before it counts as lost."""
AHEAD = 3
"""Runs handed over for each thread of a worker: enough that none waits, few enough that memory stays flat."""
KILLED = f"{TRIES} workers died of it, one after the other: killed, or beyond their memory limit."
CONNECT_S = 20.0
PATIENCE = "90s"
"""How long a process may take to start: long, for on a machine that is busy it does."""
TICK_S = 0.5
log = logging.getLogger(__name__)


class SchedulerLost(Exception):
    """The scheduler is gone, and with it what its workers were at."""


@dataclass(frozen=True)
class Engine:
    """Where the runs are done: ``workers`` processes of this machine, or the cluster of the scheduler at an address."""

    workers: int | None = None
    scheduler: str | None = None
    memory_limit: str | float = "auto"

    @property
    def count(self) -> int:
        """The processes of this machine."""
        return self.workers or max(1, os.cpu_count() or 1)


@contextmanager
def connected(engine: Engine, *, most: int) -> Iterator[Any]:
    """Yield a client of the cluster; one of our own starts ``most`` processes at most, and ends with the block.

    Raises
    ------
    AskError
        Nobody answers at the address, or a worker there has another program.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingExtraError("distributed", "batch") from None
    settings = {
        "distributed.scheduler.allowed-failures": TRIES - 1,
        "distributed.worker.daemon": True,
        "distributed.admin.low-level-log-length": 10,  # else the last 1,000 messages stay in memory, runs and all
        "distributed.worker.profile.enabled": False,  # nobody looks at it, and it takes a sample every 10 ms
        "distributed.comm.timeouts.connect": PATIENCE,
        "distributed.nanny.pre-spawn-environ.NUMBA_NUM_THREADS": 1,
    }
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(settings):
        if engine.scheduler is not None:
            with _client(Client, engine.scheduler) as client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=max(1, min(engine.count, most)), threads_per_worker=1, processes=True,
                memory_limit=engine.memory_limit, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
                preload=["layoutopt.batch.worker_start"],
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            yield client


@contextmanager
def _client(client_class: Any, address: str) -> Iterator[Any]:
    try:
        client = client_class(address, timeout=CONNECT_S)
    except (OSError, ValueError, ImportError) as error:
        raise AskError(f"No scheduler answers at {address} ({error}). Start one with: dask scheduler") from None
    try:
        others = {name for name, code in _codes(client).items() if code != code_version()}
        if others:
            raise AskError(f"Workers with another layoutopt than here: {', '.join(sorted(others))}. Install the same.")
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=2)


def _codes(client: Any) -> dict[str, str]:
    """The program each worker has; a worker that lacks it cannot even be asked."""
    try:
        found: dict[str, str] = client.run(code_version, on_error="return")
    except Exception as error:
        raise AskError(f"The workers cannot load layoutopt ({error}). Install it where they run.") from None
    return {name: code if isinstance(code, str) else "none" for name, code in found.items()}


@dataclass
class Crowd:
    """Runs on their way through a cluster: those waiting, those handed over, and what each study's travel waits for.

    ``out`` has each run handed over with its future and the workers it is meant for, none where any may do it.
    ``shunned`` are workers that cannot do a study's runs, by its place. ``alone`` are runs whose workers died: the
    scheduler blames all that wait at such a worker, so that each is done once more at the end with no other beside it.
    """

    client: Any
    folder: Path
    waiting: deque[Run]
    token: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    """Another batch at the same scheduler may have the same runs; its tasks are its own."""
    ended: SimpleQueue[tuple[str, Any]] = field(default_factory=SimpleQueue)
    out: dict[str, tuple[Run, Any, list[str]]] = field(default_factory=dict)
    alone: deque[Run] = field(default_factory=deque)
    tries: Counter[str] = field(default_factory=Counter)
    shunned: dict[str, list[str]] = field(default_factory=dict)
    ready: dict[str, Any] = field(default_factory=dict)
    sharing: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if cache_folder() is not None:
            self.sharing.update(run.ways for run in self.waiting)

    @property
    def left(self) -> bool:
        """Whether any run has not ended."""
        return bool(self.waiting or self.out or self.alone)

    @property
    def threads(self) -> dict[str, int]:
        """How many runs each worker can do at once, now."""
        try:
            found: dict[str, int] = self.client.nthreads()
        except Exception as error:
            raise SchedulerLost from error
        return found

    def hand_over(self) -> None:
        """Give the cluster as many runs as keep it busy."""
        if self.alone and not (self.waiting or self.out):
            self._submit(self.alone.popleft(), None)
        while self.waiting and len(self.out) < AHEAD * max(sum(self.threads.values()), 1):
            run = self.waiting.popleft()
            self._submit(run, self._ready(run))

    def _submit(self, run: Run, ready: Any) -> None:
        allowed = self._others(run) if run.source.place in self.shunned else []
        name = f"run-{self.token}-{run.key}-{self.tries[run.key]}"
        try:
            future = self.client.submit(work, run, str(self.folder), ready, key=name, workers=allowed or None)
        except Exception as error:
            self._check()
            raise SchedulerLost from error
        self.out[run.key] = run, future, allowed
        future.add_done_callback(lambda _: self.ended.put((run.key, future)))

    def _others(self, run: Run) -> list[str]:
        """The workers that are there and not known to be unable to do a run."""
        return [name for name in self.threads if name not in self.shunned.get(run.source.place, ())]

    def _ready(self, run: Run) -> Any:
        """The task that works out the travel times of the run's study, where several runs share them."""
        own = run.ways
        if own not in self.ready:
            if self.sharing[own] < 2:
                return None
            self.ready[own] = self.client.submit(prepare, run, key=f"travel-{self.token}-{own}")
        return self.ready[own]

    def next(self) -> Ended | None:
        """Wait a little for a run to end; None where none has.

        Raises
        ------
        SchedulerLost
            The scheduler does not answer any more.
        """
        try:
            key, future = self.ended.get(timeout=TICK_S)
        except Empty:
            self._check()
            self._free()
            return None
        run, awaited, _ = self.out.get(key, (None, None, None))
        if run is None or awaited is not future:
            return None  # it was taken back
        ended = self._ended(run, future)
        if ended is None:
            time.sleep(TICK_S)
            self.ended.put((key, future))
            return None
        del self.out[key]
        if self._once_more(run, ended):
            self.tries[key] += 1
            return None
        self.sharing[run.ways] -= 1
        if self.sharing[run.ways] <= 0:
            self.ready.pop(run.ways, None)
        return ended

    def _once_more(self, run: Run, ended: Ended) -> bool:
        """Whether a run is to be done again: elsewhere if its worker cannot do it, alone if it died."""
        if ended.message == KILLED and not self.tries[run.key]:
            self.alone.append(run)
            return True
        if not ended.strange:
            return False
        shunned = self.shunned.setdefault(run.source.place, [])
        if ended.strange not in shunned:
            log.warning("%s cannot do %s: %s", ended.strange, run.source.name, ended.message)
            shunned.append(ended.strange)
        if self.tries[run.key] + 1 >= TRIES or not self._others(run):
            return False
        self.waiting.appendleft(run)
        return True

    def _free(self) -> None:
        """Take back runs that are meant for workers which are gone: a worker that is started anew has another name."""
        bound = [(key, *rest) for key, rest in self.out.items() if rest[-1]]
        there = self.threads if bound else {}
        for key, run, future, allowed in bound:
            if not any(name in there for name in allowed):
                del self.out[key]
                self.tries[key] += 1
                self.waiting.append(run)
                with suppress(Exception):
                    self.client.cancel([future])

    def _check(self) -> None:
        if self.client.status != "running":
            raise SchedulerLost

    def _ended(self, run: Run, future: Any) -> Ended | None:
        """How a run ended, also where its worker can no longer say so; None where that died just before it could.

        The cluster then does the run once more, and finds its folder there.
        """
        self._check()
        status = future.status
        if status == "error":
            error = future.exception(timeout=CONNECT_S)
            text = KILLED if type(error).__name__ == "KilledWorker" else f"{type(error).__name__}: {error}"
            return Ended(run.key, LOST, text)
        if status == "finished":
            try:
                found: Ended = future.result(timeout=CONNECT_S)
            except TimeoutError:
                return None
            except Exception as gone:
                raise SchedulerLost from gone
            return found
        if status in ("lost", "pending"):
            return None
        raise SchedulerLost

    def let_go(self) -> None:
        """Take back what has not ended."""
        with suppress(Exception):
            self.client.cancel([future for _, future, _ in self.out.values()])


def work_off(
    client: Any, runs: Sequence[Run], folder: Path, note: Callable[[Ended], bool], tick: Callable[[int | None], None]
) -> None:
    """Have the runs done and give each as it ends to ``note``, until that says no.

    ``tick`` is told how many run, or None where there is no worker.

    Raises
    ------
    SchedulerLost
        The scheduler has vanished; what has ended before is noted.
    """
    crowd = Crowd(client, folder, deque(runs))
    try:
        while crowd.left:
            crowd.hand_over()
            ended = crowd.next()
            if ended is not None and not note(ended):
                return
            threads = sum(crowd.threads.values())
            tick(min(len(crowd.out), threads) if threads else None)
    finally:
        crowd.let_go()
