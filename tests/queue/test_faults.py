"""A disk that fails below SQLite: a library between it and the system answers writes with ENOSPC or EIO."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from .kills import ROOT, recording

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler"),
]

SHIM: Final = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#include <stdio.h>

static int fails(int fd, const char *call) {
    char link[64], name[4096];
    const char *when = getenv("FAIL_WHEN"), *calls = getenv("FAIL_CALLS");
    if (when == NULL || access(when, F_OK) != 0 || strstr(calls, call) == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, sizeof name - 1);
    if (size < 0) return 0;
    name[size] = 0;
    if (strstr(name, "/queue.db") == NULL) return 0;
    errno = atoi(getenv("FAIL_ERRNO"));
    return 1;
}
#define SHIM(name, arguments, passed) \
    ssize_t name arguments { \
        static ssize_t (*real) arguments; \
        if (real == NULL) real = dlsym(RTLD_NEXT, #name); \
        return fails(fd, #name) ? -1 : real passed; \
    }
SHIM(write, (int fd, const void *data, size_t size), (fd, data, size))
SHIM(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
SHIM(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
#define SYNC(name) \
    int name(int fd) { \
        static int (*real)(int); \
        if (real == NULL) real = dlsym(RTLD_NEXT, #name); \
        return fails(fd, #name) ? -1 : real(fd); \
    }
SYNC(fsync)
SYNC(fdatasync)
"""

PROGRAM: Final = r"""
import asyncio, os, sys
from pathlib import Path
from ocpp_fast import ChargePoint, NotDurable, QueueFailed, SqliteQueue, v201
from tests.queue.transactions import event, KINDS

async def main(url, folder):
    fails = Path(folder, "fails")
    station = ChargePoint("CP2.0.1", url, versions=[v201], queue=SqliteQueue(Path(folder, "queue.db")))
    troubles, answers = [], []
    station.on_event(troubles.append)
    station.on_delivered(answers.append)
    async with station:
        await station.post(event(0, KINDS.STARTED))
        fails.touch()
        try:
            await station.post(event(1))
            print("durable?")
        except NotDurable as error:
            print("told:", error)
        await station.call(event(2))                    # goes on from memory
        fails.unlink()
        await station.post(event(3))                    # the disk is well again
        while station.queued_messages():
            await asyncio.sleep(0.01)
        assert troubles and all(isinstance(each, QueueFailed) for each in troubles)
        assert [each.posted.request.seq_no for each in answers] == [0, 1, 3], answers
    async with ChargePoint("CP2.0.1", url, versions=[v201], queue=SqliteQueue(Path(folder, "queue.db"))) as station:
        print(station.queued_messages(), "left")        # what went from memory is not in the file any more

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shim")
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


@pytest.mark.parametrize(
    ("number", "calls", "text"),
    [
        pytest.param(28, "pwrite64 write", "database or disk is full", id="ENOSPC"),
        pytest.param(5, "pwrite64 write", "disk I/O error", id="EIO"),
        pytest.param(5, "fsync fdatasync", "disk I/O error", id="EIO of fsync"),
    ],
)
def test_R43_station_goes_on_from_memory_while_its_disk_fails(
    number: int, calls: str, text: str, shim: Path, tmp_path: Path
) -> None:
    fault = {"LD_PRELOAD": str(shim), "FAIL_ERRNO": str(number), "FAIL_CALLS": calls}
    with recording(tmp_path / "log") as url:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, url, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, **fault, "FAIL_WHEN": str(tmp_path / "fails")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    told, left = ended.stdout.splitlines()
    assert told.startswith("told:")
    assert told.endswith(text)
    assert left == "0 left"
