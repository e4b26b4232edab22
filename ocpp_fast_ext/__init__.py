"""The compiled twins of the kernels in `ocpp_fast._core`, where the selector decides which are used.

The package is there in every installation, its modules only where they could be compiled.
"""
