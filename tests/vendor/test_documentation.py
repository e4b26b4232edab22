"""The example and the code of the documentation run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

from ocpp_fast import v201

RunPython = Callable[..., "CompletedProcess[str]"]

ROOT: Final = Path(__file__).parents[2]


def test_example_runs(run_python: RunPython) -> None:
    done = run_python(str(ROOT / "examples" / "vendor_extension.py"))
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == [
        "CP001 stands in Site(depot='North', lane=2)",
        "CP001 shows '20.00 EUR'",
        "clean at 12:00",
        "refused: CP001: Rejected: NoSuchEvse",
        "not sent: CP001: data.currency: expected at most 3 characters",
        "not accepted: CP001: TypeConstraintViolation: customData.depot: expected string",
    ]


def test_code_of_the_documentation_runs() -> None:
    text = (ROOT / "docs" / "extending.md").read_text("utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "extending.md", "exec", dont_inherit=True), names)
    assert names["request"].custom_data == {"vendorId": "com.example", "depot": "North"}
    assert all(names["central"]._routes.find(each) for each in (names["ShowPrice"], v201.BootNotificationRequest))
    assert {"Wash", "Drip"} < names["VERSION"].actions.keys()
