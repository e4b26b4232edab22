"""The proof of R1 to R27: what every version answers to a frame, byte for byte."""
