"""Whether the shapelint that is installed here works, as a new user would try it.

    python scripts/try_installed.py            # torch proves
    python scripts/try_installed.py --no-torch # there is none
    python scripts/try_installed.py --dask     # a cluster of two workers checks, too

It runs the commands in processes of their own in a folder of its own, and ends with an error at the first that does something
else than it should. It prints the versions at its end.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MODEL = """\
import torch.nn as nn


class Sentiment(nn.Module):
    def __init__(self, words, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, 64)
        self.lstm = nn.LSTM(64, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, tokens):
        out, _ = self.lstm(self.embedding(tokens))
        return self.head(out[-1])
"""
MENDED = MODEL.replace("out[-1]", "out[:, -1]")
CRASH = "from torch import nn\n\nout, h, c = nn.LSTM(3, 5)(x)\n"
NOTEBOOK = {
    "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": MODEL}],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
API = """\
import shapelint
report = shapelint.check_source(open("model.py").read())
assert [one.code for one in report.findings] == ["SHP101"], report
assert shapelint.shapes_of(open("model.py").read())
"""


def run(*arguments: str, status: int = 0, program: tuple[str, ...] = ("-m", "shapelint")) -> str:
    """What a command prints; ends everything where its status is another one."""
    command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", *program, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=600)
    if done.returncode != status or "Traceback" in done.stderr:
        sys.exit(f"{' '.join(command)}\nstatus {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(part: str, told: str) -> None:
    if part not in told:
        sys.exit(f"{part!r} is not in\n{told}")


def try_cluster() -> None:
    """A cluster, as docs/scale.md starts one, has to tell what one machine does."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    own = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    workers = [("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")] * 2
    started = [
        subprocess.Popen([sys.executable, "-m", "dask", *one], stderr=subprocess.DEVNULL) for one in (own, *workers)
    ]
    try:
        wanted = ("check", ".", "--no-cache", "--output-format", "json")
        time.sleep(5)  # for the scheduler; it may wait for workers
        if run(*wanted, status=1) != run(*wanted, "--executor", "dask", "--scheduler", address, status=1):
            sys.exit("the cluster tells something else")
    finally:
        for process in reversed(started):  # a worker whose scheduler is gone waits for it
            process.terminate()
            process.wait()


def main() -> None:
    with_torch = "--no-torch" not in sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("model.py").write_text(MODEL, encoding="utf-8")
        Path("crash.py").write_text(CRASH, encoding="utf-8")
        Path("nb.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
        run("--version")
        expect("last-step-on-batch-axis", run("rule", "SHP101"))
        expect("(B, T, hidden)", run("shapes", "model.py"))
        expect("<svg", run("graph", "model.py"))
        expect("batch_first=True", run("witness", "model.py:13"))
        expect("[-1]", run("bug-report", "model.py:13", "--verify", "off"))
        expect("nothing", run("clean") or "nothing")
        told = json.loads(run("model.py", "crash.py", "nb.ipynb", "--output-format", "json", status=1))
        found = sorted((one["path"], one["code"], one["verification"]["status"]) for one in told["findings"])
        proof = "confirmed" if with_torch else "unverified"
        codes = [("crash.py", "SHP304"), ("model.py", "SHP101"), ("nb.ipynb", "SHP101")]
        if found != [(*pair, proof) for pair in codes]:
            sys.exit(f"found {found}")
        for name in ("sarif", "github", "gitlab", "junit", "rdjson", "html", "markdown", "jsonl", "concise"):
            expect("SHP101", run("model.py", "--output-format", name, status=1))
        run("-c", API, program=())
        if "--dask" in sys.argv[1:]:
            try_cluster()
        if with_torch:
            run("--fix", "--unsafe-fixes", "model.py")
            if Path("model.py").read_text(encoding="utf-8") != MENDED:
                sys.exit("model.py is not mended")
    print(
        ", ".join(["Python " + sys.version.split()[0], *map(_version, ("shapelint", "torch", "click", "distributed"))])
    )


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"


if __name__ == "__main__":
    main()
