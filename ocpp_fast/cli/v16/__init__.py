"""What the command line knows of OCPP 1.6: the answers of a central system, and a simulated charge point."""
