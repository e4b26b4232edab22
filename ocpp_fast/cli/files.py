"""How many files a program may have open."""

from __future__ import annotations

import sys

__all__ = ["raised_file_limit"]


def raised_file_limit() -> int:
    """Raise the number of files that a process may open as far as it is allowed, and return it."""
    if sys.platform == "win32":
        return 2**31  # of sockets there is no limit
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 2**20 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
