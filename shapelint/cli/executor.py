"""`--executor` and `--scheduler`: who checks in place of processes of this machine.

They are no keys of pyproject.toml: whoever answers at a scheduler's address can have code run here, as Dask has it, and
the settings may come with code of strangers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shapelint.cli.options import Failure

if TYPE_CHECKING:
    from concurrent.futures import Executor


@contextmanager
def executor_of(options: Mapping[str, Any]) -> Iterator[Executor]:
    """The executor that the options ask for, left in the end; raises ExecutorError."""
    if not options["executor"]:
        raise Failure("--scheduler is for --executor dask")
    if not options["scheduler"]:
        raise Failure("--executor dask needs --scheduler ADDRESS: that of a Dask cluster which is there")
    if options["jobs"]:
        raise Failure("--jobs is for processes of this machine; how many a cluster has is for its workers to say")
    from shapelint.pipeline.executors.cluster import Cluster

    with Cluster(options["scheduler"]) as executor:
        yield executor
