"""The bus on real NATS servers, which are killed, paused and cut off (K11)."""

from __future__ import annotations
