"""The kernels, each by itself."""
