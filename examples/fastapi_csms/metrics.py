"""Metrics of a central system, for Prometheus."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ocpp_fast import CallError, CallNext, CentralSystem, Context, FrameFault, Refusal, Station


def observe(central: CentralSystem, registry: CollectorRegistry) -> None:
    """Count what happens from now on; before other middleware, to measure that as well."""
    calls = Counter("ocpp_calls", "Calls of stations that were handled.", ["action", "outcome"], registry=registry)
    seconds = Histogram("ocpp_call_seconds", "How long they were handled.", ["action"], registry=registry)
    refusals = Counter("ocpp_refused_handshakes", "Handshakes that were refused.", ["status"], registry=registry)
    faults = Counter("ocpp_faults", "Invalid messages of stations.", ["fault"], registry=registry)
    tolerated = Counter("ocpp_tolerated", "Deviations that the policy tolerates.", ["rule"], registry=registry)
    Gauge("ocpp_connected_stations", "Stations connected now.", registry=registry).set_function(lambda: len(central))

    @central.middleware
    async def handled(call: Context, call_next: CallNext) -> Any:
        outcome = "ok"
        try:
            with seconds.labels(call.action.name).time():
                return await call_next(call)
        except Exception as error:
            outcome = error.code if isinstance(error, CallError) else type(error).__name__
            raise
        finally:
            calls.labels(call.action.name, outcome).inc()

    @central.on_refused
    def refused(refusal: Refusal) -> None:
        refusals.labels(refusal.status).inc()

    @central.on_fault
    def invalid(station: Station, fault: FrameFault) -> None:
        if fault.mended is None:
            faults.labels(fault.fault.name).inc()
        else:
            tolerated.labels(fault.mended.rule).inc(fault.mended.times)
