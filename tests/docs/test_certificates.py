"""The commands of the page on certificates make what its code needs, and its stations get in."""

from __future__ import annotations

import asyncio
import re
import shutil
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
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "certificates.md", "exec", dont_inherit=True), names)
    context: TlsContext = names["context"]
    both: CentralSystem = names["both"]

    async def test() -> None:
        async with both.serve(ssl=context) as server:
            mine, password = client_context("ca.pem", "CP001.pem", "CP001.key"), client_context("ca.pem")
            async with (
                ChargePoint("CP001", server.url, versions=[v16], ssl=mine),
                ChargePoint("CP002", server.url, versions=[v16], ssl=password, password=b"secret"),
            ):
                assert {station.id for station in both} == {"CP001", "CP002"}
            with pytest.raises(HandshakeFailed, match="403"):
                await ChargePoint("CP002", server.url, versions=[v16], ssl=mine, password=b"secret").__aenter__()

    asyncio.run(test())
