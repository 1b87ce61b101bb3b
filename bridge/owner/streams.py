"""How NATS keeps the journal's streams: the one part of the owner's side that needs `nats-py`."""

from __future__ import annotations

from typing import NamedTuple

from nats.errors import Error as NatsError
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from bridge.errors import JournalUnavailable
from bridge.journal.cluster import Cluster

__all__ = ["Copies", "Streams"]


class Copies(NamedTuple):
    """The copies of a stream."""

    wanted: int
    away: int
    """Those whose servers are away, or lag behind."""
    used: int
    """Bytes of one."""


class Streams(Cluster):
    """A connection that looks at streams."""

    async def copies(self, stream: str) -> Copies | None:
        """Return how a stream is kept; None where there is none.

        Raises:
            JournalUnavailable: JetStream is off, or does not answer.
        """
        try:
            info = await self._jetstream.stream_info(stream)
        except NotFoundError:
            return None
        except ServiceUnavailableError as error:
            raise JournalUnavailable(
                "NATS answers, but without JetStream"
                + (f" ({error.description})" if error.description else "")
            ) from None
        except APIError as error:
            raise JournalUnavailable(f"NATS says: {error.description}") from None
        except (NatsError, OSError, TimeoutError):
            raise JournalUnavailable("NATS answers, but JetStream does not") from None
        others = (info.cluster.replicas if info.cluster else None) or []
        away = sum(1 for one in others if one.offline or not one.current)
        return Copies(info.config.num_replicas or 1, away, info.state.bytes)
