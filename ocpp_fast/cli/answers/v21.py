"""The answers of a CSMS to what only a station of 2.1 sends."""

from __future__ import annotations

from datetime import UTC, datetime

from ocpp_fast import Station, on, v21

__all__ = ["AdditionalAnswers"]

_Generic = v21.GenericStatusEnumType


class AdditionalAnswers:
    """Listens to event streams, and says that it can't look up what it is asked."""

    @on(v21.OpenPeriodicEventStreamRequest)
    def open_stream(
        self, station: Station, request: v21.OpenPeriodicEventStreamRequest
    ) -> v21.OpenPeriodicEventStreamResponse:
        return v21.OpenPeriodicEventStreamResponse(status=_Generic.ACCEPTED)

    @on(v21.NotifyPeriodicEventStreamRequest)
    def listen(self, station: Station, notification: v21.NotifyPeriodicEventStreamRequest) -> None:
        """Only take it; it is printed with the other traffic."""

    @on(v21.PullDynamicScheduleUpdateRequest)
    def pull_schedule(
        self, station: Station, request: v21.PullDynamicScheduleUpdateRequest
    ) -> v21.PullDynamicScheduleUpdateResponse:
        return v21.PullDynamicScheduleUpdateResponse(status=v21.ChargingProfileStatusEnumType.REJECTED)

    @on(v21.VatNumberValidationRequest)
    def validate_vat_number(
        self, station: Station, request: v21.VatNumberValidationRequest
    ) -> v21.VatNumberValidationResponse:
        return v21.VatNumberValidationResponse(
            status=_Generic.REJECTED, vat_number=request.vat_number, evse_id=request.evse_id
        )

    @on(v21.GetCertificateChainStatusRequest)
    def certificate_chain_status(
        self, station: Station, request: v21.GetCertificateChainStatusRequest
    ) -> v21.GetCertificateChainStatusResponse:
        now = datetime.now(UTC)
        statuses = [
            v21.CertificateStatusType(
                certificate_hash_data=each.certificate_hash_data,
                source=each.source,
                status=v21.CertificateStatusEnumType.UNKNOWN,
                next_update=now,
            )
            for each in request.certificate_status_requests
        ]
        return v21.GetCertificateChainStatusResponse(certificate_status=statuses)
