"""An existing Dask cluster as an executor, by `pip install shapelint[dask]`."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import logging
import threading
import warnings
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

from shapelint import __version__
from shapelint.data import dataclass
from shapelint.pipeline.executors.failure import ExecutorError, told
from shapelint.pipeline.executors.worker import check_chunk

CONNECT_SECONDS = 10.0  #: for the scheduler to answer
EMPTY_SECONDS = 60.0  #: that a cluster may be without workers: some start them when there is work
MAX_DEATHS = 2  #: workers that may be lost with a chunk; left alone, a scheduler loses four

Result = TypeVar("Result")


class LostError(Exception):
    """The workers of a chunk were lost."""


@dataclass(slots=True)
class _Sent:
    """What the caller waits for, what the cluster has of it, and how many workers were lost with it."""

    ours: Future[Any]
    theirs: Future[Any]
    deaths: int = 0


class Cluster(Executor):
    """The executor of the cluster whose scheduler has an address; it is asked for when there is something to do.

    Dask itself has done again what a lost worker was at. Here that is watched: a call with which `MAX_DEATHS` workers
    were lost raises LostError, and all do when there are no workers for `EMPTY_SECONDS`.
    """

    def __init__(self, address: str) -> None:
        """Raises ExecutorError where Dask is not installed."""
        if importlib.util.find_spec("distributed") is None:
            raise ExecutorError("Dask is not installed; install it: pip install shapelint[dask]")
        self._address = address
        self._client: Any = None
        self._theirs: Any = None
        self._numbers = itertools.count()
        self._sent: dict[str, _Sent] = {}
        self._lock = threading.Lock()  # of the workers: the scheduler's words come in a thread of the client's
        self._workers: set[str] = set()
        self._timer: threading.Timer | None = None

    def submit(self, function: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Have a function called by a worker; raises ExecutorError where there is no cluster."""
        if self._client is None:
            self._connect()
        if self._client.status != "running":
            raise ExecutorError(f"the Dask scheduler at {self._address} is gone")
        key = f"shapelint-{self._client.id}-{next(self._numbers)}"
        theirs = self._theirs.submit(function, *args, key=key, **kwargs)
        ours: Future[Result] = Future()
        self._sent[key] = _Sent(ours, theirs)
        ours.add_done_callback(lambda _: self._forget(key))
        theirs.add_done_callback(lambda _: self._hand_on(theirs, ours))
        return ours

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what nobody has begun with is called back."""
        if self._timer is not None:
            self._timer.cancel()
        if self._client is not None:
            with suppress(Exception):  # a scheduler that is gone cannot be told
                self._client.close()

    def _connect(self) -> None:
        import distributed

        for name in ("distributed", "distributed.client"):  # what matters of theirs is told in one line
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        warnings.filterwarnings("ignore", category=distributed.versions.VersionMismatchWarning)
        try:
            asyncio.run(asyncio.wait_for(_is_scheduler(self._address), CONNECT_SECONDS))
            self._client = distributed.Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
            self._theirs = self._client.get_executor(pure=False)
            self._client.subscribe_topic("all", lambda event: self._take(event[1]))
            self._change(come=self._client.nthreads())
            self._look_for_shapelint()
        except ExecutorError:
            raise
        except asyncio.TimeoutError:
            raise ExecutorError(f"no Dask scheduler answers at {self._address}") from None
        except Exception as error:  # a wrong address, no certificate, somebody else who answers
            raise ExecutorError(f"no Dask scheduler can be reached at {self._address}: {told(error)}") from None

    def _look_for_shapelint(self) -> None:
        """Raise ExecutorError where it is missing: a worker of Dask's dies when it is sent a function that it lacks."""
        asked = (importlib.util.find_spec, check_chunk.__module__)
        found = self._client.run(*asked, on_error="return")
        try:
            found["the scheduler"] = self._client.run_on_scheduler(*asked)
        except ImportError as error:
            found["the scheduler"] = error
        for who, answer in found.items():
            if answer is None or isinstance(answer, ImportError):
                whose = who if who == "the scheduler" else f"the worker {who}"
                raise ExecutorError(f"{whose} of the Dask cluster has no shapelint {__version__}; install it there")

    def _take(self, event: Mapping[str, Any]) -> None:
        """Take in what the scheduler tells; its words are those of several years' versions."""
        if event.get("action") == "add-worker":
            self._change(come=[event["worker"]])
        elif event.get("action") == "remove-worker":
            self._change(gone=[event["worker"]])
            for key in () if event.get("expected") else event.get("processing-tasks", ()):
                self._bury(key)

    def _bury(self, key: str) -> None:
        """A worker that had a chunk, if it is ours, is no more."""
        sent = self._sent.get(key)
        if sent is not None:
            sent.deaths += 1
            if sent.deaths >= MAX_DEATHS:
                lost = LostError(f"{sent.deaths} Dask workers died with it")
                # in the client's own thread, which this is, it would not be called back
                threading.Thread(target=_fail, args=(sent.ours, lost), daemon=True).start()

    def _change(self, come: Collection[str] = (), gone: Collection[str] = ()) -> None:
        """Keep count of the workers; without any, the time runs."""
        with self._lock:
            self._workers = (self._workers | {*come}) - {*gone}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if not self._workers:
                self._timer = threading.Timer(EMPTY_SECONDS, self._give_up)
                self._timer.daemon = True
                self._timer.start()

    def _give_up(self) -> None:
        for sent in [*self._sent.values()]:
            _fail(
                sent.ours,
                ExecutorError(f"the Dask cluster at {self._address} has had no worker for {EMPTY_SECONDS:g} s"),
            )

    def _hand_on(self, theirs: Future[Result], ours: Future[Result]) -> None:
        """End a call as the cluster has ended it."""
        if theirs.cancelled():
            _fail(ours, ExecutorError(f"the Dask scheduler at {self._address} is gone, or has dropped the work"))
        elif (error := theirs.exception()) is not None:
            _fail(ours, error)
        else:
            with suppress(InvalidStateError):  # it was called back
                ours.set_result(theirs.result())

    def _forget(self, key: str) -> None:
        """A call has ended, for whatever reason."""
        sent = self._sent.pop(key)
        if not sent.theirs.done():
            sent.theirs.cancel()


async def _is_scheduler(address: str) -> None:
    """Raise an exception where no scheduler answers. A client that finds none hangs when it is given up."""
    import distributed

    arguments = distributed.Security().get_connection_args("client")
    async with distributed.rpc(address, connection_args=arguments) as server:
        kind = (await server.identity())["type"]
        if kind != "Scheduler":
            raise ValueError(f"it is a {kind}")


def _fail(ours: Future[Any], error: BaseException) -> None:
    with suppress(InvalidStateError):
        ours.set_exception(error)
