"""The product without a game server: the real bridge and resource, simulated players."""
