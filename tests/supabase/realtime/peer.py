"""A stand-in for the Realtime server, for tests alone; at one address with a real PostgREST, as projects are.

It is not Supabase's code. It speaks as much of the Phoenix protocol as supabase-js (vsn 2.0.0) and supabase-py
(1.0.0) use to hear broadcasts, in the words of supabase/realtime (lib/realtime_web/channels/realtime_channel.ex,
2026-09), and asks the database what that server asks: whether the user of the token would see a message of the
private topic (lib/realtime/tenants/authorization.ex). It hears of messages by NOTIFY, where the real one reads the
write-ahead log. It knows one project, no limits, no replay, no presence and no Postgres Changes.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.serving import Server, serve_until_cancelled
from local.sockets import listen
from tests.supabase.hosted import Project
from tests.supabase.rest import SECRET, Rest

_FIRST_PORT = 55_400
_TELL = """
    create function realtime.tell() returns trigger language plpgsql as $$
    begin
      perform pg_notify('realtime_messages', new.id::text);
      return null;
    end $$;
    create trigger tell after insert on realtime.messages for each row execute function realtime.tell();
"""
_PREFIX = "realtime:"
_HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "content-encoding"}


@dataclass
class Channel:
    """What one client has joined."""

    topic: str  # of the socket: with the prefix
    join_ref: str | None
    private: bool
    wants_ready: bool


class Client:
    """One socket."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.arrays = socket.query_params["vsn"] == "2.0.0"  # 1.0.0: objects
        self.channels: dict[str, Channel] = {}

    async def say(self, topic: str, event: str, payload: object, *, ref: str | None = None) -> None:
        """Send one message."""
        joined = self.channels.get(topic)
        whole: object = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        if self.arrays:
            whole = [joined.join_ref if joined else None, ref, topic, event, payload]
        await self.socket.send_text(json.dumps(whole))

    async def heard(self) -> tuple[str | None, str, str, dict[str, Any]]:
        """The next message of the client: ref, topic, event, payload."""
        message = json.loads(await self.socket.receive_text())
        if self.arrays:
            return message[1], message[2], message[3], message[4]
        return message.get("ref"), message["topic"], message["event"], message["payload"]


class Peer:
    """The server. `ready`: whether it hears of messages; until then it lets clients join, as the real one does."""

    def __init__(self, rest: Rest, database: psycopg.AsyncConnection) -> None:
        self.url = ""
        self._ready = True
        self._rest, self._database = rest, database
        self._asking = asyncio.Lock()  # one connection, and what is asked as a user must not mix with the rest
        self._clients: set[Client] = set()
        routes = [
            WebSocketRoute("/realtime/v1/websocket", self._serve),
            Route("/rest/v1/{path:path}", self._pass_on, methods=["GET", "POST", "PATCH", "DELETE"]),
        ]
        self.app = Starlette(routes=routes)

    async def joined(self, count: int) -> None:
        """Wait until so many channels are joined."""
        async with asyncio.timeout(20):
            while sum(len(client.channels) for client in self._clients) != count:
                await asyncio.sleep(0.01)

    def lose_sight(self) -> None:
        """Hear of no message from now on: what is sent now is never told."""
        self._ready = False

    async def be_ready(self) -> None:
        """Hear of messages, and say so to whoever asked."""
        self._ready = True
        for client in self._clients:
            for channel in client.channels.values():
                await self._say_ready(client, channel)

    async def hang_up(self) -> None:
        """Every connection breaks."""
        for client in list(self._clients):
            self._clients.discard(client)
            await client.socket.close(1011)

    async def tell(self, message: str) -> None:
        """Pass on a row of realtime.messages to everybody who joined its topic."""
        if not self._ready:
            return
        async with self._asking:
            cursor = await self._database.execute(
                "select topic, event, payload, private, id::text from realtime.messages where id = %s", (message,)
            )
            row = await cursor.fetchone()
        assert row
        topic, event, payload, private, number = row
        news = {"type": "broadcast", "event": event, "payload": payload, "meta": {"id": number}}
        for client in list(self._clients):
            channel = client.channels.get(_PREFIX + topic)
            if channel and channel.private == private:
                await client.say(channel.topic, "broadcast", news)

    async def _serve(self, socket: WebSocket) -> None:
        await socket.accept()
        client = Client(socket)
        self._clients.add(client)
        try:
            while True:
                ref, topic, event, payload = await client.heard()
                await self._answer(client, ref, topic, event, payload)
        except WebSocketDisconnect:
            pass
        finally:
            self._clients.discard(client)

    async def _answer(
        self, client: Client, ref: str | None, topic: str, event: str, payload: dict[str, Any]
    ) -> None:
        if event == "phx_join":
            await self._join(client, ref, topic, payload)
        elif event == "phx_leave":
            await client.say(topic, "phx_reply", {"status": "ok", "response": {}}, ref=ref)
            client.channels.pop(topic, None)
        elif event == "heartbeat":
            await client.say(topic, "phx_reply", {"status": "ok", "response": {}}, ref=ref)

    async def _join(self, client: Client, ref: str | None, topic: str, payload: dict[str, Any]) -> None:
        config = payload["config"]
        channel = Channel(
            topic, ref, bool(config["private"]), bool((config["broadcast"] or {}).get("replication_ready"))
        )
        claims = jwt.decode(payload["access_token"], SECRET, algorithms=["HS256"], audience="authenticated")
        name = topic.removeprefix(_PREFIX)
        if channel.private and not await self._may_read(name, claims):
            reason = f"Unauthorized: You do not have permissions to read from this Channel topic: {name}"
            await client.say(topic, "phx_reply", {"status": "error", "response": {"reason": reason}}, ref=ref)
            return
        client.channels[topic] = channel
        await client.say(topic, "phx_reply", {"status": "ok", "response": {"postgres_changes": []}}, ref=ref)
        if self._ready:
            await self._say_ready(client, channel)

    async def _say_ready(self, client: Client, channel: Channel) -> None:
        if channel.wants_ready:
            said = {"extension": "system", "status": "ok", "message": "Replication connection established"}
            await client.say(channel.topic, "system", said | {"channel": channel.topic.removeprefix(_PREFIX)})

    async def _may_read(self, topic: str, claims: dict[str, Any]) -> bool:
        """Whether the policies show that user a message of the topic, put there for the question."""
        async with self._asking, self._database.transaction(force_rollback=True):
            cursor = await self._database.execute(
                "insert into realtime.messages (topic, extension) values (%s, 'broadcast') returning id",
                (topic,),
            )
            made = await cursor.fetchone()
            await self._database.execute(
                "select set_config('role', %s, true), set_config('realtime.topic', %s, true),"
                " set_config('request.jwt.claims', %s, true)",
                (claims["role"], topic, json.dumps(claims)),
            )
            cursor = await self._database.execute("select from realtime.messages where id = %s", made)
            return cursor.rowcount == 1

    async def _pass_on(self, request: Request) -> Response:
        """Everything else of a project that the clients need is real."""
        headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        async with self._rest.called(None) as rest:
            answer = await rest.request(
                request.method,
                "/" + request.path_params["path"],
                params=httpx.QueryParams(request.url.query),
                content=await request.body(),
                headers=headers,
            )
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        return Response(answer.content, answer.status_code, kept)


@asynccontextmanager
async def live(project: Project, rest: Rest) -> AsyncIterator[Peer]:
    """The peer for the block, on a port of its own."""
    with psycopg.connect(project.url("postgres")) as superuser:
        superuser.execute(_TELL.encode())
    ready = asyncio.Event()
    async with (
        await psycopg.AsyncConnection.connect(project.url("postgres"), autocommit=True) as database,
        await psycopg.AsyncConnection.connect(project.url("postgres"), autocommit=True) as listening,
    ):
        peer = Peer(rest, database)
        await listening.execute("listen realtime_messages")
        listener = listen(_FIRST_PORT, exact=False)
        peer.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            peer.app, lifespan="off", log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        server = Server(config, ready=ready.set)
        tasks = [
            asyncio.create_task(serve_until_cancelled(server, listener)),
            asyncio.create_task(_listen(listening, peer)),
        ]
        await ready.wait()
        try:
            yield peer
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(connection: psycopg.AsyncConnection, peer: Peer) -> None:
    async for notification in connection.notifies():
        await peer.tell(notification.payload)
