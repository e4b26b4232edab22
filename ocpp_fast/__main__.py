"""`python -m ocpp_fast` is `ocpp-fast`."""

from .cli import main

raise SystemExit(main())
