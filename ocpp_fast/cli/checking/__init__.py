"""The log analyser of `ocpp-fast check`: `files` finds frames, `pairing` judges them, `report` tells."""
