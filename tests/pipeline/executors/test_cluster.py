"""`--executor dask` on a real cluster of this machine: workers that are processes, and die."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blocks import blocks
from injected import write_injected
from root import ROOT
from wrong_models import TAGGER

import shapelint
import shapelint.pipeline.executors.remote as remote
from shapelint.cli import run

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install shapelint[dask]")

from distributed.cli import dask_scheduler, dask_worker  # noqa: E402

import shapelint.pipeline.executors.cluster as cluster_module  # noqa: E402

RIGHT = TAGGER.replace("out[-1]", "out[:, -1]")

#: what happens in the process that checks a file, by the file's name: to its parent, which is the worker
DEADLY = """
import os, signal
import shapelint.pipeline.check as checks
whole = checks.check_bytes
def check_bytes(path, raw, wanted):
    if b"once" in raw and not os.path.exists("died"):
        open("died", "w").close()
        os.kill(os.getppid(), signal.SIGKILL)
    if b"always" in raw:
        os.kill(os.getppid(), signal.SIGKILL)
    return whole(path, raw, wanted)
checks.check_bytes = check_bytes
"""


def scheduler() -> Any:
    return distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=60)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A scheduler, and two workers as `dask worker` starts them: a thread each, and a nanny that starts lost ones anew."""
    folder = tmp_path_factory.mktemp("cluster")
    path = [str(write_injected(folder / "start", DEADLY)), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    options = ["--nthreads=1", "--no-dashboard", f"--local-directory={folder}"]
    with scheduler() as one:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", one.scheduler_address, *options]
        nannies = [subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            yield one
        finally:
            for nanny in nannies:
                nanny.terminate()
            for nanny in nannies:
                nanny.wait(60)


@pytest.fixture
def local(started: Any) -> Any:
    """The cluster with both of its workers: the test before may have killed some."""
    with distributed.Client(started, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return started


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(8):
        (tmp_path / f"m{number}.py").write_text(f"# number {number}\n" + (RIGHT if number % 2 else TAGGER))
    monkeypatch.setattr(remote, "CHUNK_FILES", 2)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    status = run(["--no-cache", *options])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_a_worker_that_is_killed_in_the_middle_changes_no_byte(
    local: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "m4.py").write_text("# once\n" + TAGGER)
    alone = told(capsys, "--output-format=json", ".")
    before = set(local.scheduler.workers)
    there = told(capsys, "--output-format=json", "--executor=dask", f"--scheduler={local.scheduler_address}", ".")
    assert there == alone
    assert alone[0] == 1
    assert '"confirmed"' in alone[1]
    assert (project / "died").exists()
    assert set(local.scheduler.workers) != before


def test_a_file_that_kills_its_worker_each_time_is_told_alone(
    local: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = told(capsys, "--verify=off", "--output-format=concise", ".")
    (project / "m5.py").write_text("# always\n" + TAGGER)
    there = told(
        capsys,
        "--verify=off",
        "--output-format=concise",
        "--executor=dask",
        f"--scheduler={local.scheduler_address}",
        ".",
    )
    lost = "its worker was lost twice (LostError: 2 Dask workers died with it)"
    assert (there[0], there[1]) == (2, alone[1])
    [line, *counts] = there[2].splitlines()
    assert line == f"m5.py:1: SHP001 cannot check the file: {lost}"
    assert len(counts) <= 1


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{one.getsockname()[1]}"


def refused(capsys: pytest.CaptureFixture[str], address: str) -> str:
    status, output, errors = told(capsys, "--verify=off", "--executor=dask", f"--scheduler={address}", ".")
    assert (status, output) == (2, "")
    [line] = errors.splitlines()
    return line


def test_an_address_where_nobody_answers_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], closed_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1.0)
    line = refused(capsys, closed_port)
    assert line == f"shapelint: error: no Dask scheduler answers at {closed_port}"


@pytest.mark.parametrize("address", ["nonsense://here", "", "127.0.0.1", "tls://127.0.0.1:1"])
def test_what_is_no_address_is_told(project: Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert refused(capsys, address).startswith(
        "shapelint: error: no Dask scheduler can be reached at "
        if address
        else "shapelint: error: --executor dask needs"
    )


def test_a_worker_is_no_scheduler(local: Any, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = next(iter(local.scheduler.workers))
    assert refused(capsys, address).endswith(f"can be reached at {address}: ValueError: it is a Worker")


def test_a_cluster_without_shapelint_is_told_and_lives(
    local: Any, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker would die of what it is sent."""

    def of_another_version() -> None: ...

    of_another_version.__module__ = "shapelint.of_another_version"
    monkeypatch.setattr(cluster_module, "check_chunk", of_another_version)
    workers = set(local.scheduler.workers)
    line = refused(capsys, local.scheduler_address)
    assert re.search(r"error: the worker tcp://\S+ of the Dask cluster has no shapelint \S+; install it there$", line)
    with scheduler() as empty:
        line = refused(capsys, empty.scheduler_address)
    assert "error: the scheduler of the Dask cluster has no shapelint" in line
    assert set(local.scheduler.workers) == workers


def test_the_page_says_what_works(local: Any, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands of docs/scale.md: ours is run, and Dask's have their options."""
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    lines = [line for block in blocks(page) if block.language == "console" for line in block.text.splitlines()]
    commands = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
    for name, *arguments in (line.split()[1:] for line in lines if line.startswith("dask ")):
        commands[name].make_context(name, arguments)
    [ours] = [line for line in lines if line.startswith("shapelint ")]
    status, *_ = told(capsys, "--verify=off", *ours.replace("tcp://HOST:8786", local.scheduler_address).split()[1:])
    assert status == 1


def test_dasks_own_executor_is_one(local: Any, project: Path) -> None:
    with distributed.Client(local, set_as_default=False) as client:
        there = shapelint.check(".", verify="off", executor=client.get_executor())
    assert there.findings == shapelint.check(".", verify="off").findings != ()


def test_a_cluster_without_workers_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "EMPTY_SECONDS", 0.5)
    with scheduler() as empty:
        address = empty.scheduler_address
        assert refused(capsys, address) == (
            f"shapelint: error: the Dask cluster at {address} has had no worker for 0.5 s"
        )


def test_a_scheduler_that_goes_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scheduler() as short:

        def end() -> None:
            while not short.scheduler.tasks:
                time.sleep(0.01)
            short.close()

        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        line = refused(capsys, short.scheduler_address)
        ending.join()
    assert line == f"shapelint: error: the Dask scheduler at {short.scheduler_address} is gone, or has dropped the work"


def test_a_cluster_is_left_as_it_was(local: Any, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, _ = told(capsys, "--verify=off", "--executor=dask", f"--scheduler={local.scheduler_address}", ".")
    assert status == 1
    assert not local.scheduler.tasks


def test_without_files_to_check_nobody_is_asked(
    project: Path, capsys: pytest.CaptureFixture[str], closed_port: str
) -> None:
    for file in project.iterdir():
        file.write_text("x = 1\n")
    status, _, _ = told(capsys, "--executor=dask", f"--scheduler={closed_port}", ".")
    assert status == 0


def test_the_extra_is_named_where_it_is_missing(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = cluster_module.importlib.util.find_spec
    monkeypatch.setattr(
        cluster_module.importlib.util, "find_spec", lambda name: None if name == "distributed" else find(name)
    )
    assert refused(capsys, "tcp://127.0.0.1:1") == (
        "shapelint: error: Dask is not installed; install it: pip install shapelint[dask]"
    )
