"""What vendors declare beyond OCPP: messages in DataTransfer, actions, and fields of `customData`."""
