"""Tests of `ocpp_fast.signing`."""
