"""`demo --once`: one documented 911, posted as the CAD posts it, and what three players got of it.

Prints what each saw and heard, and says whether that is right: the responder is alerted, the caller
learns that his call arrived, the bystander gets nothing, not even bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.demo.stage import BYSTANDER, CALLER, RESPONDER, Stage
from bridge.owner import samples

if TYPE_CHECKING:
    from bridge.demo.game import GameClient, Player

__all__ = ["play"]

PAINT_SECONDS = 8.0
RECEIPT_SECONDS = 8.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one player got since the push."""

    notices: list[str]
    sounds: list[str]
    blips: list[str]
    bytes: int

    @classmethod
    def by(cls, stage: Stage, player: Player) -> Seen:
        """Look at a player's screen and ears, and at what the server sent him."""
        client: GameClient = stage.client(player)
        return cls(
            notices=[
                " · ".join(filter(None, (post.sender, post.subject, *post.text.splitlines())))
                for post in client.feed
            ],
            sounds=[sound.name for sound in client.sounds],
            blips=[
                f"{blip.name} at {blip.coords[0]:.0f}, {blip.coords[1]:.0f}"
                for blip in client.blips
                if blip.kind == "coord"
            ],
            bytes=sum(packet.bytes for packet in stage.game.packets(player.source)),
        )


async def play(say: Say) -> bool:
    """Play the push and tell what came of it; True only if all three players got what is right."""
    started = time.monotonic()
    say("starting a bridge, a simulated game server and three players ...")
    async with Stage() as stage:
        quiet = Seen.by(stage, BYSTANDER).bytes
        push = samples.documented_911(caller=CALLER.identifiers[0])
        say(f"posting, as the CAD would: {json.dumps(push, ensure_ascii=False)}")
        posted = time.monotonic()
        status = await stage.bridge.push(push)
        painted = await _painted(stage)
        milliseconds = 1000 * (painted - posted)
        say(f"the bridge answered {status}; on the screens {milliseconds:.0f} ms later\n")
        seen = {player.name: Seen.by(stage, player) for player in (RESPONDER, CALLER, BYSTANDER)}
        for name, what in seen.items():
            _describe(say, name, what)
        wrong = _wrong(seen, seen[BYSTANDER.name].bytes - quiet)
        wrong += await _receipt(stage, say)
        wrong += [f"script error: {error.text}" for error in stage.game.errors]
    for problem in wrong:
        say(f"WRONG: {problem}")
    if not wrong:
        say(
            f"All three are right. Took {time.monotonic() - started:.1f} s; nothing is left behind."
        )
    return not wrong


async def _painted(stage: Stage) -> float:
    """Wait until responder and caller have a picture; return when."""

    def both() -> bool:
        return all(stage.client(player).feed for player in (RESPONDER, CALLER))

    await stage.game.wait_for(both, timeout=PAINT_SECONDS)
    at = time.monotonic()
    await stage.game.settle()
    return at


def _describe(say: Say, name: str, seen: Seen) -> None:
    say(f"{name}:")
    for kind, things in (("notice", seen.notices), ("sound", seen.sounds), ("blip", seen.blips)):
        for thing in things:
            say(f"    {kind:7} {thing}")
    if not (seen.notices or seen.sounds or seen.blips):
        say("    nothing")


def _wrong(seen: dict[str, Seen], bystander_bytes: int) -> list[str]:
    wrong = []
    for name in (RESPONDER.name, CALLER.name):
        if not any("4711" in notice for notice in seen[name].notices):
            wrong.append(f"{name}: no notice with the call's number")
        if len(seen[name].blips) != 1:
            wrong.append(f"{name}: {len(seen[name].blips)} blips instead of one")
    if not seen[RESPONDER.name].sounds:
        wrong.append(f"{RESPONDER.name}: heard nothing")
    if bystander_bytes:
        wrong.append(f"{BYSTANDER.name}: was sent {bystander_bytes} bytes")
    return wrong


async def _receipt(stage: Stage, say: Say) -> list[str]:
    """Wait for the receipt; tell it."""
    deadline = time.monotonic() + RECEIPT_SECONDS
    while time.monotonic() < deadline:
        servers = (await stage.bridge.admin("/api/calls"))["servers"]
        for receipt in servers[0]["receipts"]:
            say(
                f"\nreceipt: due to {receipt['due']}, sent to {receipt['sent']}, "
                f"painted by {receipt['shown']}, {receipt['ms']} ms from push to picture"
            )
            complete = receipt["due"] == receipt["shown"] > 0
            return [] if complete else ["the receipt is not complete"]
        await stage.game.settle()
    return ["no receipt came"]
