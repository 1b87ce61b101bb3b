"""The checks of `doctor`: one small function each, in three groups."""
