"""Real-time alerts between a computer-aided-dispatch system and FiveM game servers."""

__version__ = "1.0.0"
