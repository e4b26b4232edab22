"""What a load test has found: as values, and as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..load import LoadArguments
from .tally import Histogram, Tally

__all__ = ["report_of", "table_of"]

Report = Mapping[str, Any]


def report_of(given: LoadArguments, tally: Tally) -> Report:
    """Return all that is to be told, as JSON's values; durations are in seconds, latencies in milliseconds."""
    calls = tally.calls.total()
    errors = tally.errors + Counter({"storm: not back in time": tally.dropped - tally.back})
    report: dict[str, Any] = {
        "url": given.url,
        "ocpp": given.version,
        "stations": given.stations,
        "processes": given.processes,
        "mix": given.mix,
        "rate": None if given.period is None else given.stations / given.period,
        "connecting_seconds": tally.connecting,
        "handshakes": tally.handshakes,
        "handshakes_per_second": _rate(tally.handshakes - tally.reconnects, tally.connecting),
        "reconnects": tally.reconnects,
        "calls": calls,
        "calling_seconds": tally.talking,
        "calls_per_second": _rate(calls, tally.talking),
        "latency_ms": _percentiles(tally.latency),
        "from_sending_ms": _percentiles(tally.waiting),
        "generator_late_ms": _percentiles(tally.late),
        "by_action": dict(tally.calls.most_common()),
        "storm": None,
        "generator_cpu": tally.cpu,
        "errors": dict(errors.most_common()),
    }
    if given.storm:
        report["storm"] = {
            "dropped": tally.dropped,
            "back": tally.back,
            "seconds": tally.storm,
            "handshakes_per_second": _rate(tally.back, tally.storm_handshakes),
        }
    return report


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if seconds else None


def _percentiles(times: Histogram) -> dict[str, float | None]:
    values = {f"p{percent:g}": times.percentile(percent) for percent in (50, 99, 99.9)}
    values["max"] = times.longest or None
    return {name: None if value is None else 1000 * value for name, value in values.items()}


def table_of(report: Report) -> Iterator[str]:
    """Yield the lines of a table."""
    pace = "each as soon as it is answered" if report["rate"] is None else f"{report['rate']:.6g} calls/s"
    yield f"{report['stations']} stations of OCPP {report['ocpp']} at {report['url']}"
    yield f"mix {report['mix']}, {pace}; processes: {report['processes']}"
    yield ""
    yield _row("", "p50", "p99", "p99.9", "max")
    for name, key in (
        ("from when a call is due", "latency_ms"),
        ("from when it is sent", "from_sending_ms"),
        ("that the generator was late", "generator_late_ms"),
    ):
        yield _row(f"ms {name}", *(_number(each, ".2f") for each in report[key].values()))
    yield ""
    yield _row("calls answered", report["calls"], f"{_number(report['calls_per_second'], '.1f')}/s")
    for action, count in report["by_action"].items():
        yield _row(f"  {action}", count)
    yield _row("handshakes", report["handshakes"], f"{_number(report['handshakes_per_second'], '.1f')}/s at first")
    yield _row("reconnects", report["reconnects"])
    if (storm := report["storm"]) is not None:
        yield _row("back after the storm", storm["back"], f"of {storm['dropped']} in {storm['seconds']:.3f} s")
        yield _row("  handshakes", "", f"{_number(storm['handshakes_per_second'], '.1f')}/s")
    yield _row("errors", sum(report["errors"].values()))
    for kind, count in report["errors"].items():
        yield _row(f"  {kind}", count)
    yield _row("processor", f"{report['generator_cpu']:.0%}", "of a core, the generator's busiest process")
    if report["generator_cpu"] > 0.9:
        yield "The generator had no time to spare: the latencies are its own as well. Give it more --processes."


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _row(name: str, *cells: object) -> str:
    """Return a line of a name and of columns, which are aligned at the right but for a long last one."""
    return f"{name:<44}" + "".join(f"{cell!s:>10}" if len(str(cell)) < 10 else f"  {cell}" for cell in cells)
