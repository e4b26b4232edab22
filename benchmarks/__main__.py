"""`python -m benchmarks`: measure everything and print the ratios; arguments go to pytest."""

import sys
from pathlib import Path

import pytest

sys.exit(pytest.main([str(Path(__file__).parent), "--quiet", *sys.argv[1:]]))
