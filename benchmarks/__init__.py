"""The benchmarks: how many times as fast ocpp_fast is as what else does the work. See README.md."""
