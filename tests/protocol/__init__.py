"""The proof of the rules of OCPP-J, R1 to R27: what is answered to a frame, byte for byte, by every version."""
