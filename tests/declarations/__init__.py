"""The declarations of every version against the official schemas, which the `ocpp` package carries."""
