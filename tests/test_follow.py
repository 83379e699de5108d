"""Following calls: every call's fate is written down once it has ended, whatever the API's reads do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialer import fates
from dialer.errors import AccessDenied, Unreachable
from dialer.fates import FateBook, Standing
from dialer.follow import Follower, Patience
from dialer.listings import Reads
from dialer.writer import InlineWriter
from tests.builders import API, World, lead
from tests.simulated_api import SimulatedApi
from tests.simulated_calls import SimulatedCall, SimulatedCalls, answer

PEOPLE = 10


@dataclass
class Story:
    """A campaign whose leads were called, and the API's records of these calls."""

    world: World
    calls: SimulatedCalls
    heard: list[int] = field(default_factory=list)  # how many were still waited for, round by round
    follower: Follower | None = None

    def follow(self, *, transcripts: bool = False, **patience: timedelta) -> None:
        """Follow the calls to the end on virtual time."""
        self.world.loop.run_until_complete(self._follow(transcripts, Patience(**patience)))

    async def _follow(self, transcripts: bool, patience: Patience) -> None:  # noqa: FBT001 - our own
        clock = self.world.loop.utc_now
        writer = InlineWriter(self.world.ledger)
        book = FateBook(writer, self.world.campaign.campaign_id, transcripts=transcripts, clock=clock)
        async with Reads(API, transport=self.calls) as reads:
            self.follower = Follower(reads, book, clock=clock, patience=patience, listen=self.heard.append)
            await self.follower.follow()

    def standing(self) -> Standing:
        with self.world.ledger.reading() as connection:
            campaign_id = self.world.campaign.campaign_id
            return fates.standing(connection, campaign_id, now=self.world.loop.utc_now())

    def kept(self, columns: str) -> list[tuple[Any, ...]]:
        """These columns of what is written down, by call."""
        with closing(sqlite3.connect(self.world.ledger.path)) as connection:
            return connection.execute(f"SELECT {columns} FROM calls ORDER BY attempt_id").fetchall()  # noqa: S608

    def call(self, place: int) -> SimulatedCall:
        return self.calls.calls[place]


MakeStory = Callable[..., Story]


@pytest.fixture
def make_story(tmp_path: Path) -> Iterator[MakeStory]:
    """Builds a campaign of `people` that was called just now, by default of ten."""
    made: list[World] = []

    def make(people: int = PEOPLE, **calls: Any) -> Story:
        world = World(tmp_path, leads=[lead(row) for row in range(2, people + 2)], api=SimulatedApi())
        made.append(world)
        world.run()
        api = SimulatedCalls(world.loop, **calls)
        now = world.loop.utc_now()
        for place, (_, number) in enumerate(world.api.created, start=1):
            api.calls.append(SimulatedCall(f"call-{place}", f"contact-{number}", now))
        return Story(world, api)

    yield make
    for world in made:
        world.close()


@pytest.fixture
def story(make_story: MakeStory) -> Story:
    return make_story()


ALL_ENDED = Standing(
    calls=PEOPLE,
    ended=PEOPLE,
    lacking=0,
    never_ended=0,
    unheard=0,
    without_id=0,
    words={"completed": PEOPLE},
)


# Until every call has ended


def test_every_call_is_followed_to_its_end(story: Story) -> None:
    story.follow()

    assert story.standing() == ALL_ENDED


def test_what_the_api_tells_of_a_call_is_written_down(make_story: MakeStory) -> None:
    story = make_story(people=1)

    story.follow()

    assert story.kept(
        "call_id, call_status, ended, stale, detailed, duration_seconds, appointment_booked,"
        " lead_qualification, call_intent, summary, cost_usd, recording_url, transcript"
    ) == [
        (
            *("call-1", "completed", 1, 0, 1, 42.0, 1, "hot", "quote_request", "Summary of call-1.", "0.12"),
            *("https://rec.example/call-1.mp3", None),
        )
    ]


def test_transcripts_are_kept_only_where_they_were_asked_for(make_story: MakeStory) -> None:
    story = make_story(people=1)

    story.follow(transcripts=True)

    assert story.kept("transcript") == [("Assistant: Hello.\nCustomer: Yes.",)]


def test_transcripts_can_be_asked_for_later(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.follow()

    story.follow(transcripts=True)

    assert story.kept("transcript") == [("Assistant: Hello.\nCustomer: Yes.",)]


def test_a_transcript_that_is_not_there_is_asked_for_once(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.call(0).over = {"transcript": None}
    story.follow(transcripts=True)
    story.calls.asked.clear()

    story.follow(transcripts=True)

    assert story.calls.asked == []


def test_what_was_heard_is_not_asked_for_again(story: Story) -> None:
    story.follow()
    story.calls.asked.clear()

    story.follow()

    assert story.calls.asked == []


def test_the_status_of_a_row_is_not_touched(story: Story) -> None:
    for call in story.calls.calls:
        call.over = {"call_status": "failed"}
    before = story.world.statuses()

    story.follow()

    assert story.world.statuses() == before == dict.fromkeys(range(2, PEOPLE + 2), "queued")


def test_the_words_of_the_api_are_passed_through(story: Story) -> None:
    for call, word in zip(story.calls.calls, ["no-answer", "Voicemail", "abgewiesen"], strict=False):
        call.over = {"call_status": word}

    story.follow()

    assert story.standing().words == {"completed": 7, "Voicemail": 1, "abgewiesen": 1, "no-answer": 1}


def test_calls_that_end_later_are_waited_for(story: Story) -> None:
    for place, call in enumerate(story.calls.calls):
        call.ends_after = 60.0 * place

    story.follow()

    assert story.standing() == ALL_ENDED


def test_the_analysis_of_a_call_is_waited_for(make_story: MakeStory) -> None:
    """It may come some seconds after the end."""
    story = make_story(people=1)
    made = story.world.loop.time()
    story.call(0).over = {"analysis_summary": None, "cost": None}

    def analyse(_request: httpx.Request) -> None:
        if story.world.loop.time() > made + 30:
            story.call(0).over = {}

    story.calls.trouble = analyse
    story.follow()

    assert story.kept("summary, detailed") == [("Summary of call-1.", 1)]


def test_an_analysis_that_does_not_come_is_not_waited_for_longer_than_a_minute(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.call(0).over = {"analysis_summary": None, "cost": None}
    begun = story.world.loop.time()

    story.follow()

    assert story.kept("summary, detailed") == [(None, 1)]
    assert 60 <= story.world.loop.time() - begun <= 120


# How it is asked


def test_a_hundred_calls_are_asked_for_with_one_request(make_story: MakeStory) -> None:
    story = make_story(people=100)

    story.follow(give_up_after=timedelta(0))

    assert story.calls.asked == ["/calls?call_type=outbound&limit=100&offset=0"]


def test_the_list_is_left_once_all_calls_were_seen(story: Story) -> None:
    now = story.world.loop.utc_now()
    story.calls.page = 10
    others = (SimulatedCall(f"other-{place}", None, now - timedelta(days=1)) for place in range(500))
    story.calls.calls.extend(others)

    story.follow(give_up_after=timedelta(0))

    assert len(story.calls.asked_for("/calls?")) == 1


def test_the_list_is_left_where_it_is_older_than_the_oldest_call(story: Story) -> None:
    now = story.world.loop.utc_now()
    story.calls.unlisted.add("call-1")
    others = (SimulatedCall(f"other-{place}", None, now - timedelta(days=1)) for place in range(500))
    story.calls.calls.extend(others)

    story.follow(give_up_after=timedelta(0))

    assert [asked.partition("offset=")[2] for asked in story.calls.asked_for("/calls?call_type")] == [
        "0",
        "100",
    ]


def test_a_call_that_the_list_lacks_is_asked_for_by_its_id(story: Story) -> None:
    story.calls.unlisted.add("call-3")

    story.follow()

    assert story.standing() == ALL_ENDED
    assert story.calls.asked_for("/calls?contact_id=") == []


def test_a_call_whose_id_is_not_known_is_asked_for_by_its_contact(story: Story) -> None:
    story.calls.unlisted.add("call-3")
    story.calls.trouble = lambda r: answer(404, {}) if r.url.path.endswith("/call-3") else None
    for call in story.calls.calls:
        call.ends_after = 300.0

    story.follow()

    assert story.standing() == ALL_ENDED
    assert story.kept("call_status, summary, detailed")[2] == ("completed", None, 1)


def test_reads_keep_their_own_pace(make_story: MakeStory) -> None:
    story = make_story(people=100)
    for call in story.calls.calls:
        call.ends_after = 0.0
    begun = story.world.loop.time()

    story.follow()

    assert story.world.loop.time() - begun >= 100 / 5


def test_half_of_the_time_a_long_list_is_left_alone(make_story: MakeStory) -> None:
    """Reading thirty pages takes six seconds."""
    story = make_story(people=1)
    story.call(0).ends_after = None
    later = story.world.loop.utc_now() + timedelta(seconds=1)
    others = (SimulatedCall(f"other-{place}", None, later) for place in range(3000))
    story.calls.calls.extend(others)

    story.follow(give_up_after=timedelta(seconds=33))

    assert 31 * 3 <= len(story.calls.asked_for("/calls?")) <= 31 * 4


def test_nobody_is_asked_more_often_while_nothing_happens(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.call(0).ends_after = 1500.0

    story.follow()

    assert len(story.calls.asked) <= 70
    assert story.standing().ended == 1


# What fails is asked again


@pytest.mark.parametrize("seed", range(5))
def test_reads_of_which_30_percent_fail_converge(make_story: MakeStory, seed: int) -> None:
    story = make_story(people=40, fails=0.3)
    story.calls.dice.seed(seed)
    for place, call in enumerate(story.calls.calls):
        call.ends_after = 3.0 * place

    story.follow()

    standing = story.standing()
    assert (standing.ended, standing.lacking) == (40, 0)


def test_reads_of_which_70_percent_fail_converge(make_story: MakeStory) -> None:
    story = make_story(people=20, fails=0.7)

    story.follow()

    assert story.standing().ended == 20


def test_without_the_list_every_call_is_asked_for_by_itself(story: Story) -> None:
    def no_list(request: httpx.Request) -> httpx.Response | None:
        return answer(405, {}) if request.url.path.endswith("/calls") else None

    story.calls.trouble = no_list
    story.follow()

    assert story.standing() == ALL_ENDED


def test_a_record_that_cannot_be_read_is_given_up_and_the_list_is_believed(story: Story) -> None:
    def garbage(request: httpx.Request) -> httpx.Response | None:
        return answer(200, "?") if request.url.path.endswith("/call-3") else None

    story.calls.trouble = garbage
    story.follow()

    assert story.standing() == ALL_ENDED
    assert story.kept("summary, duration_seconds")[2] == (None, 42.0)


def test_a_record_that_is_gone_is_given_up_and_the_list_is_believed(story: Story) -> None:
    def gone(request: httpx.Request) -> httpx.Response | None:
        return answer(404, {}) if request.url.path.endswith("/call-3") else None

    for call in story.calls.calls:
        call.ends_after = 300.0
    story.calls.trouble = gone
    story.follow()

    assert story.standing() == ALL_ENDED


def test_an_end_that_was_heard_is_not_taken_back(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.follow()
    story.call(0).ends_after = None

    story.follow(transcripts=True, give_up_after=timedelta(minutes=1))

    assert story.kept("call_status, ended, stale") == [("completed", 1, 0)]


def test_what_a_later_record_leaves_out_keeps_its_value(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.follow()
    story.call(0).over = {"duration_seconds": None, "call_intent": None, "cost": None}

    story.follow(transcripts=True)

    assert story.kept("duration_seconds, call_intent, cost_usd") == [(42.0, "quote_request", "0.12")]


def test_what_was_heard_before_a_kill_is_not_asked_for_again(make_story: MakeStory) -> None:
    class Killed(BaseException):
        pass

    story = make_story(people=20)
    asked = iter(range(12))

    def kill(request: httpx.Request) -> None:
        if request.url.path.endswith("/calls"):
            return
        if next(asked, None) is None:
            raise Killed

    for call in story.calls.calls:
        call.ends_after = 0.0
    story.calls.trouble = kill
    with pytest.raises(Killed):
        story.follow()
    known = [call_id for call_id, detailed in story.kept("call_id, detailed") if detailed]
    story.calls.trouble = lambda _request: None
    story.calls.asked.clear()

    story.follow()

    assert len(known) >= 4
    assert not {f"/calls/{call_id}" for call_id in known} & set(story.calls.asked)
    assert story.standing().ended == 20


# What never ends


def test_a_call_that_never_ends_is_stale_and_not_ended(story: Story) -> None:
    story.call(0).ends_after = None
    begun = story.world.loop.time()

    story.follow(give_up_after=timedelta(minutes=30))

    assert story.kept("call_status, ended, stale")[0] == ("in-progress", 0, 1)
    assert story.standing().going == 1
    assert 1800 <= story.world.loop.time() - begun <= 1860


def test_a_stale_call_that_ends_after_all_is_stale_no_longer(story: Story) -> None:
    story.call(0).ends_after = 3600.0
    story.follow(give_up_after=timedelta(minutes=30))

    story.follow(give_up_after=timedelta(minutes=31))

    assert story.kept("call_status, ended, stale")[0] == ("completed", 1, 0)


def test_a_word_that_nobody_knows_is_no_end(make_story: MakeStory) -> None:
    story = make_story(people=1)
    story.call(0).ends_after = None
    story.call(0).going = "teleported"

    story.follow(give_up_after=timedelta(minutes=1))

    assert story.kept("call_status, ended, stale") == [("teleported", 0, 1)]


def test_a_call_of_yesterday_that_has_not_ended_is_not_waited_for(make_story: MakeStory) -> None:
    story = make_story(people=2)
    story.call(0).ends_after = None
    story.world.loop.stall(25 * 3600.0)
    begun = story.world.loop.time()

    story.follow()

    assert story.kept("ended, stale") == [(0, 1), (1, 0)]
    assert story.world.loop.time() - begun < 60
    assert (story.standing().never_ended, story.standing().going) == (1, 0)


def test_to_look_once_no_time_is_given(story: Story) -> None:
    begun = story.world.loop.time()

    story.follow(give_up_after=timedelta(0))

    assert story.standing().going == PEOPLE
    assert story.world.loop.time() - begun < 2


# What the API does not know


def test_a_call_that_the_api_does_not_know_has_no_fate(story: Story) -> None:
    story.calls.unknown.add("call-3")

    story.follow()

    standing = story.standing()
    assert (standing.ended, standing.unheard) == (PEOPLE - 1, 1)
    assert story.follower is not None
    assert story.follower.not_found == {"call-3"}


def test_a_call_that_was_only_just_made_may_be_found_later(story: Story) -> None:
    story.calls.unknown.add("call-3")
    made = story.world.loop.time()

    def index(_request: httpx.Request) -> None:
        if story.world.loop.time() > made + 60:
            story.calls.unknown.clear()

    story.calls.trouble = index
    story.follow()

    assert story.standing() == ALL_ENDED


# Who may not ask, and nobody there


@pytest.mark.parametrize(
    ("status", "mend", "code"),
    [
        (401, "set VOZAGENT_API_KEY to a valid key", "unauthorized"),
        (402, "renew the subscription", "payment_required"),
        (403, "give the key the right to read calls in the VozAgent dashboard", "forbidden"),
    ],
)
def test_a_key_that_may_not_read_calls_is_said_at_once(
    story: Story, status: int, mend: str, code: str
) -> None:
    story.calls.trouble = lambda _request: answer(status, {})

    with pytest.raises(AccessDenied) as caught:
        story.follow()

    assert (caught.value.sentence, caught.value.code) == (
        f"The API answered {status} when it was asked for calls: {mend}, then run the same command again.",
        code,
    )


def test_a_key_that_loses_its_right_in_the_middle_stops_the_rest(story: Story) -> None:
    def records_forbidden(request: httpx.Request) -> httpx.Response | None:
        return None if request.url.path.endswith("/calls") else answer(403, {})

    story.calls.trouble = records_forbidden
    with pytest.raises(AccessDenied):
        story.follow()

    assert story.standing().ended == PEOPLE


def test_an_api_that_does_not_reply_is_given_up_after_a_minute(story: Story) -> None:
    story.calls.trouble = lambda _request: httpx.ConnectError("connection refused")
    begun = story.world.loop.time()

    with pytest.raises(Unreachable) as caught:
        story.follow()

    assert caught.value.sentence == (
        "The API could not be reached (ConnectError: connection refused): what was heard of the calls is "
        "written down, and the same command goes on."
    )
    assert 60 <= story.world.loop.time() - begun <= 90


def test_an_api_that_stops_replying_is_left_alone_for_the_rest_of_the_round(make_story: MakeStory) -> None:
    story = make_story(people=100)
    for call in story.calls.calls:
        call.ends_after = 0.0

    def list_only(request: httpx.Request) -> Exception | None:
        return None if request.url.path.endswith("/calls") else httpx.ReadError("connection reset")

    story.calls.trouble = list_only
    with pytest.raises(Unreachable):
        story.follow(give_up_after=timedelta(0))

    assert len(story.calls.asked_for("/calls/")) < 50


def test_an_api_that_comes_back_is_asked_on(story: Story) -> None:
    begun = story.world.loop.time()

    def away(_request: httpx.Request) -> Exception | None:
        return httpx.ConnectError("connection refused") if story.world.loop.time() < begun + 50 else None

    story.calls.trouble = away
    story.follow()

    assert story.standing() == ALL_ENDED


def test_an_api_that_answers_with_errors_is_there(story: Story) -> None:
    begun = story.world.loop.time()

    def ill(_request: httpx.Request) -> httpx.Response | None:
        return answer(503, {}) if story.world.loop.time() < begun + 600 else None

    story.calls.trouble = ill
    story.follow()

    assert story.standing() == ALL_ENDED


def test_how_many_are_left_is_told_after_each_round(story: Story) -> None:
    for place, call in enumerate(story.calls.calls):
        call.ends_after = 10.0 * (place % 3)

    story.follow()

    assert (story.heard[0], story.heard[-1], sorted(story.heard, reverse=True)) == (6, 0, story.heard)
