"""The asyncio layer over real sockets: what it does for honest peers, and what it survives of the others."""
