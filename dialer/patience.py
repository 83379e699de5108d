"""How long an API that is out of reach, or lets nothing through, is tried before the run ends."""

from __future__ import annotations

from datetime import timedelta

from dialer.outcomes import Outcome, Throttled, Unsent
from dialer.retry import LONGEST_THROTTLED_SECONDS, Stop


class Patience:
    """Remembers since when nothing got through; all times are the loop's seconds."""

    def __init__(self, *, give_up_after: timedelta) -> None:
        self._give_up_seconds = give_up_after.total_seconds()
        self._unreachable_since: float | None = None
        self._throttled_since: float | None = None

    def note(self, outcome: Outcome, *, sent: bool, answered: bool, now: float) -> None:
        """Take an outcome in; `sent`: a byte left this machine, `answered`: a status came back."""
        if sent:
            self._unreachable_since = None
        elif isinstance(outcome, Unsent) and outcome.unreachable and self._unreachable_since is None:
            self._unreachable_since = now
        if isinstance(outcome, Throttled):
            self._throttled_since = now if self._throttled_since is None else self._throttled_since
        elif answered:
            self._throttled_since = None

    def within(self, seconds: float, *, now: float) -> float:
        """A wait of `seconds`, cut short where the run would give up meanwhile."""
        if self._unreachable_since is None:
            return seconds
        return max(0.0, min(seconds, self._unreachable_since + self._give_up_seconds - now))

    def stop(self, *, now: float) -> Stop | None:
        """Why the run should end now, if it should."""
        if self._unreachable_since is not None:
            tried = now - self._unreachable_since
            if tried >= self._give_up_seconds:
                return Stop(
                    "unreachable",
                    f"The API could not be reached for {tried:.0f} s: check the network and --base-url, "
                    "then run the same command again.",
                    exit_code=69,
                )
        if self._throttled_since is not None and now - self._throttled_since > LONGEST_THROTTLED_SECONDS:
            return Stop(
                "throttled",
                "The API let nothing through for 10 minutes: run the same command again later, or with a "
                "lower --rate.",
                exit_code=75,
            )
        return None
