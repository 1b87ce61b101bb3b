"""The game server's side: frames, the session's state machine, and the websocket gateway."""
