"""Runs the two programs of README.md with this Python; returns 0 if the station has charged at the central system."""

import re
import socket
import subprocess
import sys
from pathlib import Path

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
blocks = re.findall(r"```python\n(.*?)```", Path(sys.argv[1]).read_text("utf-8"), re.DOTALL)
central, station = (block.replace("8887", str(port)) for block in blocks[:2])
server = subprocess.Popen(
    [sys.executable, "-I", "-u", "-c", central], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
try:
    for _ in range(30):  # until the central system listens
        if subprocess.run([sys.executable, "-I", "-c", station], stderr=subprocess.DEVNULL).returncode == 0:
            break
finally:
    server.terminate()
printed, _ = server.communicate()
print(*printed.splitlines()[-1:])
sys.exit("CP001 has charged 9 Wh" not in printed)
