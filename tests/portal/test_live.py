"""The websocket: who may open it, what it sends, and what closes it, with the real application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from portal.accounts.models import Membership, Role, Team, User
from portal.asgi import application
from portal.live import consumer
from portal.live.publish import publish
from portal.live.topics import parse_topics

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.backends]
WITHIN = 5


@pytest.fixture(autouse=True)
def topics(settings: Any) -> None:
    settings.LIVE_TOPICS = {
        "team": "tests.portal.live_topics.TeamTopic",
        "forbidden": "tests.portal.live_topics.ForbiddenTopic",
        "list": "tests.portal.live_topics.ListTopic",
    }
    settings.ALLOWED_HOSTS = ["portal.example", "[::1]"]


@pytest.fixture
def member(transactional_db: None) -> User:
    user = User.objects.create(username="developer")
    Membership.objects.create(
        user=user, team=Team.objects.create(slug="checkout", name="Checkout"), role=Role.DEVELOPER
    )
    Team.objects.create(slug="search", name="Search")
    return user


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


class Socket(ApplicationCommunicator):
    """A browser's end of the websocket, without a network. (Channels' own one needs daphne.)"""

    def __init__(
        self,
        session: str = "",
        topics: str = "team.checkout",
        origin: str = "http://portal.example",
        host: str = "portal.example",
    ) -> None:
        headers = [(b"host", host.encode()), (b"cookie", f"sessionid={session}".encode())]
        if origin:
            headers.append((b"origin", origin.encode()))
        query = f"topics={topics}".encode()
        super().__init__(  # type: ignore[no-untyped-call]
            application, {"type": "websocket", "path": "/ws/live/", "query_string": query, "headers": headers}
        )

    async def enters(self) -> bool:
        await self._send({"type": "websocket.connect"})
        return bool((await self._next())["type"] == "websocket.accept")

    async def hear(self) -> dict[str, str]:
        message = await self._next()
        assert message["type"] == "websocket.send", message
        heard: dict[str, str] = json.loads(message["text"])
        return heard

    async def say(self, text: str) -> None:
        await self._send({"type": "websocket.receive", "text": text})

    async def close_code(self) -> int:
        while (message := await self._next())["type"] != "websocket.close":
            pass
        return int(message["code"])

    async def leave(self) -> None:
        await self._send({"type": "websocket.disconnect", "code": 1000})
        await self.wait(WITHIN)  # type: ignore[no-untyped-call]

    async def _send(self, message: dict[str, Any]) -> None:
        await self.send_input(message)  # type: ignore[no-untyped-call]

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.receive_output(WITHIN)  # type: ignore[no-untyped-call]
        return message


def checkout(version: int) -> dict[str, str]:
    """The whole message: the topic that changed, and its version."""
    return {"topic": "team.checkout", "version": str(version)}


@pytest.fixture
async def socket(member: User) -> AsyncIterator[Socket]:
    """A member's socket that has received the version of its topic."""
    made = Socket(await sync_to_async(session_of)(member))
    assert await made.enters()
    assert await made.hear() == checkout(1)
    yield made
    if not made.future.done():
        await made.leave()


async def test_the_current_version_is_sent_at_once_and_then_each_change(socket: Socket) -> None:
    await sync_to_async(publish)("team.checkout", 2)
    assert await socket.hear() == checkout(2)


async def test_changes_in_quick_succession_are_one_message(socket: Socket) -> None:
    for version in range(2, 40):
        await sync_to_async(publish)("team.checkout", version)
    heard = [await socket.hear()]
    while heard[-1] != checkout(39):
        heard.append(await socket.hear())
    assert len(heard) < 38


async def test_without_a_session_the_close_code_says_so(transactional_db: None) -> None:
    socket = Socket("nonsense")
    assert await socket.enters()
    assert await socket.close_code() == consumer.SESSION_OVER


REFUSED = ["team.search", "forbidden", "forbidden.1", "unheard-of", "", "team.<script>"]


@pytest.mark.parametrize("asked", REFUSED)
async def test_forbidden_topics_are_refused(member: User, asked: str) -> None:
    socket = Socket(await sync_to_async(session_of)(member), topics=asked)
    assert await socket.enters()
    assert await socket.close_code() == consumer.NOTHING_ALLOWED


async def test_a_topic_beyond_the_limit_closes_the_socket(member: User) -> None:
    asked = "team.checkout," + "x" * 5_000
    socket = Socket(await sync_to_async(session_of)(member), topics=asked)
    assert await socket.enters()
    assert await socket.close_code() == consumer.TOO_LARGE


async def test_forbidden_topics_do_not_affect_allowed_ones(member: User) -> None:
    socket = Socket(await sync_to_async(session_of)(member), topics="team.search,team.checkout,forbidden")
    await socket.enters()
    assert await socket.hear() == checkout(1)
    await sync_to_async(publish)("team.search", 2)
    await sync_to_async(publish)("team.checkout", 2)
    assert await socket.hear() == checkout(2)
    await socket.leave()


async def test_leaving_the_team_ends_the_subscription_at_once(member: User, socket: Socket) -> None:
    await sync_to_async(lambda: Membership.objects.get(user=member).delete())()
    assert await socket.close_code() == consumer.NOTHING_ALLOWED


def sign_out(user: User, session: str) -> None:
    client = Client()
    client.cookies["sessionid"] = session
    client.post("/logout/", HTTP_HOST="portal.example")


def make_inactive(user: User, session: str) -> None:
    user.is_active = False
    user.save()


def change_the_password(user: User, session: str) -> None:
    user.set_password("another")
    user.save()


@pytest.mark.parametrize("end", [sign_out, make_inactive, change_the_password])
async def test_the_end_of_the_session_ends_the_socket(member: User, end: Callable[[User, str], None]) -> None:
    session = await sync_to_async(session_of)(member)
    socket = Socket(session)
    await socket.enters()
    await socket.hear()
    await sync_to_async(end)(member, session)
    assert await socket.close_code() == consumer.SESSION_OVER


@pytest.mark.parametrize(
    ("origin", "host", "enters"),
    [
        ("http://portal.example", "portal.example", True),
        ("https://portal.example", "portal.example", True),
        ("http://portal.example:8000", "portal.example:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://portal.example:3000", "portal.example:8000", False),
        ("http://evil.example", "portal.example", False),
        ("http://evil.example", "evil.example", False),
        ("null", "portal.example", False),
        ("", "portal.example", False),
    ],
)
async def test_only_our_own_pages_may_open_it(member: User, origin: str, host: str, enters: bool) -> None:
    socket = Socket(await sync_to_async(session_of)(member), origin=origin, host=host)
    assert await socket.enters() is enters
    await socket.leave()


async def test_a_trusted_origin_may_open_it(member: User, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example"]
    socket = Socket(await sync_to_async(session_of)(member), origin="https://front.example")
    assert await socket.enters()
    await socket.leave()


async def test_messages_of_the_browser_are_ignored(socket: Socket) -> None:
    await socket.say('{"topics": ["team.search"]}')
    await sync_to_async(publish)("team.checkout", 3)
    assert await socket.hear() == checkout(3)


async def test_a_change_published_from_another_thread_and_loop_arrives(socket: Socket) -> None:
    await asyncio.to_thread(publish, "team.checkout", 4)
    assert await socket.hear() == checkout(4)


@pytest.mark.parametrize(
    ("query", "topics"),
    [
        (["instance.7,instances", "instances"], ["instance.7", "instances"]),
        (["Instance.7,a.b.c,x y,.,a.,1.2"], []),
        ([",".join(f"instance.{n}" for n in range(90))], [f"instance.{n}" for n in range(50)]),
    ],
)
def test_topics_are_read_strictly(query: list[str], topics: list[str]) -> None:
    assert parse_topics(query) == topics


async def test_a_change_of_another_team_is_not_noticed(member: User) -> None:
    """What may not be noticed is published last: it would be heard, alone or instead of the one before."""
    teams = {team.slug: team.pk async for team in Team.objects.all()}
    own, other = (teams["checkout"], Role.VIEWER), (teams["search"], Role.VIEWER)
    socket = Socket(await sync_to_async(session_of)(member), "list")
    assert await socket.enters()
    change = sync_to_async(publish)

    async def heard() -> str:
        return (await socket.hear())["version"]

    assert await heard() == "checkout"
    await change("list", "ours", to=[other, own])
    for hidden in ([other], [(teams["checkout"], Role.ENGINEER)], []):
        await change("list", "theirs", to=hidden)
    assert await heard() == "ours"
    await change("list", "everyone's")
    await change("list", "theirs", to=[other])
    assert await heard() == "everyone's"
    await sync_to_async(Membership.objects.create)(user=member, team_id=teams["search"], role=Role.VIEWER)
    assert await heard() == "checkout+search"
    await change("list", "theirs", to=[other])
    assert await heard() == "theirs"
    await sync_to_async(Membership.objects.filter(team_id=teams["search"]).delete)()
    assert await heard() == "checkout"
    await change("list", "ours again", to=[own])
    await change("list", "theirs again", to=[other])
    assert await heard() == "ours again"
    await socket.leave()
