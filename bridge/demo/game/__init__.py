"""A simulated game server that runs the real resource under Lua 5.4 and Node 22."""
