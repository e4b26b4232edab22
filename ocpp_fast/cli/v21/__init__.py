"""OCPP 2.1, both sides; all but `version` and `additions` serves 2.0.1 too (see `v201`)."""
