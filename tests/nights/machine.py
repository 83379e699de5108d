"""The machine of the simulation with the network of a live API: it speaks TLS, and its hours are enforced."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import httpcore
import httpcore._backends.anyio as anyio_backend

from dialer import wire
from tests.simulation.machine import Machine, Substitute
from tests.simulation.network import SimulatedNetwork, SimulatedStream
from tests.virtual_time import START


class _Stream(SimulatedStream):
    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - what goes over the wire is not simulated
        server_hostname: str | None = None,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the library's own interface
    ) -> httpcore.AsyncNetworkStream:
        """Go on as before."""
        return self


class _Network(SimulatedNetwork):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own interface
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect, or fail to."""
        await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(self._machine, drops_idle=self._drops_after())


class NightMachine(Machine):
    """A machine that is switched on at a time of its own, and whose power fails only when it is told to."""

    def __init__(self, seed: int, *, begins: datetime, broken: Sequence[Substitute] = ()) -> None:
        super().__init__(seed, crashes=0, broken=broken)
        # Not by waiting: the loop's own time must stay small, or a nanosecond is lost in it.
        self._later = begins - START
        self.calm_down()
        self.api.weather.clear_up()
        self.api.skew = self._later
        self.next_cut: tuple[str, int] | None = None  # at which moment of the next life, the how manieth

    def wait_until(self, moment: datetime) -> None:
        """Let time pass in which the program is not running."""
        self.wait(max(0.0, (moment - self.utc_now()).total_seconds()))

    def moment(self, seconds: float) -> datetime:
        """The time on the wall so long after the story began."""
        return START + self._later + timedelta(seconds=seconds)

    def utc_now(self) -> datetime:
        """The time on the wall."""
        return self.moment(self.now)

    def _choose_cut(self) -> tuple[str, int] | None:
        cut, self.next_cut = self.next_cut, None
        return cut

    def _outside(self) -> list[Substitute]:
        network = partial(_Network, self)
        return [
            *(each for each in super()._outside() if hasattr(each[0], each[1])),
            (wire, "Sockets", network),
            (httpcore, "AnyIOBackend", network),
            (anyio_backend, "AnyIOBackend", network),
        ]
