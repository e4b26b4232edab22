"""What `ocpp-fast load` does: stations in processes of their own, and one that starts them, watches and reports."""
