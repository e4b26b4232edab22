"""The commands of the page on certificates make what its code needs, and its stations get in."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ocpp_fast import CentralSystem, ChargePoint, HandshakeFailed, TlsContext, client_context, v16

from ..sources import ROOT

pytestmark = pytest.mark.once


def test_the_page_certifies_stations_that_get_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    page = (ROOT / "docs" / "certificates.md").read_text("utf-8")
    (commands,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    contexts: list[TlsContext] = []
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "certificates.md", "exec", dont_inherit=True), names)
        contexts.append(names["context"])
    asyncio.run(_connect_all(names["central"], names["by_certificate"], names["both"], contexts))


async def _connect_all(
    central: CentralSystem, by_certificate: CentralSystem, both: CentralSystem, contexts: list[TlsContext]
) -> None:
    by_password, mutual, either = contexts[:3]
    own, trusting = client_context("ca.pem", "CP001.pem", "CP001.key"), client_context("ca.pem")

    async def connect(identity: str, context: ssl.SSLContext, password: bytes | None = b"secret") -> None:
        async with ChargePoint(identity, server.url, versions=[v16], ssl=context, password=password):
            pass

    async with central.serve(ssl=by_password) as server:
        await connect("CP002", trusting)
        with pytest.raises(HandshakeFailed, match="401"):
            await connect("CP002", trusting, b"wrong")
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect("CP002", client_context())
    async with by_certificate.serve(ssl=mutual) as server:
        await connect("CP001", own, None)
        with pytest.raises(HandshakeFailed, match="403"):
            await connect("CP002", own)
        with pytest.raises((HandshakeFailed, OSError)):
            await connect("CP001", trusting)
    async with both.serve(ssl=either) as server:
        await connect("CP001", own, None)
        await connect("CP002", trusting)
        with pytest.raises(HandshakeFailed, match="403"):
            await connect("CP002", own)
