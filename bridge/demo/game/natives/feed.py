"""Natives of the feed: notifications above the map."""

from __future__ import annotations

import itertools

from bridge.demo.game.clock import Clock
from bridge.demo.game.natives.signature import native
from bridge.demo.game.natives.texts import TextNatives
from bridge.demo.game.screen import FeedPost, as_seen

__all__ = ["FeedNatives"]


class FeedNatives:
    """Every notification that was shown, and the handles of those that scripts took away."""

    def __init__(self, clock: Clock, texts: TextNatives) -> None:
        self._clock = clock
        self._texts = texts
        self._handles = itertools.count(1)
        self._background: int | None = None
        self.posts: list[FeedPost] = []
        self.removed: list[int] = []

    @native("BeginTextCommandThefeedPost(string)")
    def begin(self, label: bytes) -> None:
        """Begin a notification."""
        self._texts.begin("feed", label)

    @native("ThefeedSetNextPostBackgroundColor(int)")
    @native("ThefeedNextPostBackgroundColor(int)")
    def next_background(self, colour: int) -> None:
        """Set the colour behind the next notification."""
        self._background = colour

    def _post(self, **form: object) -> int:
        text, components = self._texts.end("feed")
        seen, codes = as_seen(text)
        post = FeedPost(
            handle=next(self._handles),
            text=seen,
            codes=codes,
            components=components,
            at=self._clock.now(),
            background=self._background,
            **form,  # type: ignore[arg-type]
        )
        self._background = None
        self.posts.append(post)
        return post.handle

    @native("EndTextCommandThefeedPostTicker(bool, bool) -> int", raises=True)
    def end_ticker(self, important: bool, in_brief: bool) -> int:
        """Show it as plain text."""
        return self._post(important=important)

    @native(
        "EndTextCommandThefeedPostMessagetext(string, string, bool, int, string, string) -> int",
        raises=True,
    )
    def end_message(
        self,
        dictionary: bytes,
        picture: bytes,
        flash: bool,
        icon: int,
        sender: bytes,
        subject: bytes,
    ) -> int:
        """Show it with a picture, a sender and a subject."""
        return self._post(
            important=flash,
            picture=dictionary.decode("utf-8", "replace"),
            icon=icon,
            sender=as_seen(sender.decode("utf-8", "replace"))[0],
            subject=as_seen(subject.decode("utf-8", "replace"))[0],
        )

    @native("ThefeedRemoveItem(int)")
    def remove(self, handle: int) -> None:
        """Take a notification away."""
        self.removed.append(handle)
