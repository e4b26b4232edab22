"""What every test may use, and the proof that the run tests the core it was asked to test."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from sysconfig import get_path

import pytest
from hypothesis import HealthCheck, settings

from ocpp_fast._core import accelerated

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


# no test fails because the machine is slow
settings.register_profile("ocpp_fast", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ocpp_fast")


def pytest_configure(config: pytest.Config) -> None:
    expected = os.environ.get("OCPP_FAST_EXPECT_ACCELERATED", "")
    actual = "yes" if accelerated else "no"
    if expected not in ("", actual):
        raise pytest.UsageError(f"OCPP_FAST_EXPECT_ACCELERATED={expected}, but accelerated is {accelerated}")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job, and its children, ignore it


def pytest_collection(session: pytest.Session) -> None:
    gc.disable()  # all that is made now stays to the end


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    gc.enable()


def pytest_report_header(config: pytest.Config) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("websockets", "orjson"))
    return f"ocpp_fast: {'compiled' if accelerated else 'reference'} core; {libraries}"


@pytest.fixture
def run_python(tmp_path: Path) -> RunPython:
    """Run Python in `tmp_path` with these arguments; keywords are environment variables, None unsets one.

    With `path`, those directories are searched instead of where our own packages are installed from.
    """

    def run(
        *arguments: str, path: Sequence[Path] = (), **environment: str | None
    ) -> "subprocess.CompletedProcess[str]":
        merged = {**os.environ, "OCPP_FAST_NO_EXT": None, **environment}
        if path:
            merged["PYTHONPATH"] = os.pathsep.join([*map(str, path), get_path("purelib"), get_path("platlib")])
            arguments = ("-S", *arguments)  # without the import hook of an editable installation
        return subprocess.run(
            [sys.executable, *arguments],
            env={name: value for name, value in merged.items() if value is not None},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 and its key in one file, made for this run."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    key = path.with_name("key.pem")
    command = ["openssl", "req", *kind, *subject, "-keyout", str(key), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path
