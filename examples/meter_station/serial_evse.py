"""An EVSE with a meter, simulated behind a serial line: prints the device to open, and answers there until it ends.

`read` is answered with the meter reading in Wh and the power in W, `limit 16` sets the current in A.
"""

import os
import time
import tty
from contextlib import suppress

VOLTS, PHASES = 230, 3
FASTER = 1000  # an hour passes in some seconds


def main() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)  # no echo
    print(os.ttyname(theirs), flush=True)
    energy, watts, then = 0.0, 0.0, time.monotonic()
    with os.fdopen(ours, "rb+", buffering=0) as line:
        while command := line.readline().decode().split():
            now = time.monotonic()
            energy, then = energy + watts * (now - then) * FASTER / 3600, now
            if command[0] == "limit":
                watts = float(command[1]) * VOLTS * PHASES
            line.write(f"{energy:.0f} {watts:.0f}\n".encode())


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
