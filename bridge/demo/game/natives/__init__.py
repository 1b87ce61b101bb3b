"""Natives: what scripts may ask of the game, as tables of Python functions."""
