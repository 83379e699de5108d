"""Ways in which the other side of a connection can behave, each with what must be told of the call.

What is told depends on two facts only: whether a byte of the request may have left, and whether a status
line came back. `UNSENT` modes are met before the first byte, all others after it.
"""

from __future__ import annotations

import gzip
import json
import socket
import zlib

from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled
from tests.rude_server import CREATED, Behaviour, RudeConnection, reply

GOOD = Called(201, call_id="call-1", status="queued", to_phone="+12015550123")
NO_OBJECT = ("the reply was no JSON object",)
NO_REPLY_BODY = Called(201, oddities=NO_OBJECT)
HEAD = b"HTTP/1.1 201 Created\r\n"
ERROR = b'{"error": {"code": "c", "message": "No."}}'


def says(*chunks: bytes) -> Behaviour:
    """Read the request, then say this, then close."""

    async def behave(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(*chunks)
        connection.writer.close()

    return behave


def says_and_hangs(*chunks: bytes) -> Behaviour:
    """Read the request, then say this, and nothing more."""

    async def behave(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(*chunks)
        await connection.hang()

    return behave


def says_and_resets(*chunks: bytes) -> Behaviour:
    """Read the request, then say this, then break the connection off."""

    async def behave(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(*chunks)
        connection.reset()

    return behave


def says_and_drips(said: bytes, dripped: bytes) -> Behaviour:
    """Read the request, then say the one at once and the other byte by byte."""

    async def behave(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(said)
        await connection.drip(dripped)

    return behave


def says_for_ever(said: bytes, again: bytes) -> Behaviour:
    """Read the request, then say the one once and the other again and again."""

    async def behave(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(said)
        while not connection.server.over.is_set() and not connection.writer.is_closing():
            await connection.say(again)

    return behave


def body(content: bytes, **headers: str) -> Behaviour:
    """A whole 201 with this body."""
    return says(reply(body=content, **headers))


def chunked(*lines: bytes) -> Behaviour:
    """A 201 whose body comes in chunks."""
    return says(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", *lines)


# The other side goes away, or says nothing


async def close_after_the_headers(connection: RudeConnection) -> None:
    await connection.headers()
    connection.writer.close()


async def reset_after_the_headers(connection: RudeConnection) -> None:
    await connection.headers()
    connection.reset()


async def hang_after_the_headers(connection: RudeConnection) -> None:
    await connection.headers()
    await connection.hang()


async def hang_before_reading(connection: RudeConnection) -> None:
    await connection.hang()


async def reply_before_reading(connection: RudeConnection) -> None:
    await connection.say(reply())


async def refuse_before_reading_it_all(connection: RudeConnection) -> None:
    await connection.headers()
    await connection.say(reply("413 Content Too Large", ERROR))
    connection.writer.close()


close_after_reading = says()
reset_after_reading = says_and_resets()
hang_after_reading = says_and_hangs()
talk_without_end = says_for_ever(HEAD + b"\r\n", b"x" * 65_536)

# What nobody can tell: was a call created or not?
UNCERTAIN: dict[str, Behaviour] = {
    "close after the headers": close_after_the_headers,
    "reset after the headers": reset_after_the_headers,
    "hang after the headers": hang_after_the_headers,
    "close after reading": close_after_reading,
    "reset after reading": reset_after_reading,
    "hang before reading": hang_before_reading,
    "hang after reading": hang_after_reading,
    "drip of the status line": says_and_drips(b"", HEAD + b"\r\n"),
    "no HTTP": says(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "binary": says(b"\x00\xff" * 500),
    "only a body": says(CREATED),
    "an empty line first": says(b"\r\n" + reply()),
    "HTTP/2 in words": says(b"HTTP/2 201\r\n\r\n"),
    "HTTP/2 in frames": says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    "ICY": says(b"ICY 201 Created\r\n\r\n"),
    "small letters": says(b"http/1.1 201 Created\r\n\r\n"),
    "two spaces": says(b"HTTP/1.1  201 Created\r\n\r\n"),
    "a status that is no number": says(b"HTTP/1.1 abc Created\r\n\r\n"),
    "a status of four digits": says(b"HTTP/1.1 2010 Created\r\n\r\n"),
    "a status of two digits": says(b"HTTP/1.1 20 Created\r\n\r\n"),
    "half a status line": says(b"HTTP/1.1 20"),
    "a status line without an end": says(b"HTTP/1.1 201 Created"),
    "a status line without an end, then silence": says_and_hangs(b"HTTP/1.1 201 Created"),
    "a status line that never ends": says_for_ever(b"HTTP/1.1 201 ", b"x" * 65_536),
    "1xx and nothing more": says(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "1xx and silence": says_and_hangs(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "1xx and a reset": says_and_resets(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "1xx without end": says_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "half the headers of a 1xx": says(b"HTTP/1.1 103 Early Hints\r\nLink"),
    "101": says(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    "300": says(reply("300 Multiple Choices", b"")),
    "303": says(reply("303 See Other", b"", Location="/v1/calls/call-1")),
    "304": says(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "408": says(reply("408 Request Timeout", b"")),
    "409": says(reply("409 Conflict", b"{}")),
    "418": says(reply("418 I'm a teapot", b"")),
    "500": says(reply("500 Internal Server Error", b"{}")),
    "502": says(reply("502 Bad Gateway", b"<html>")),
    "503 with Retry-After": says(reply("503 Service Unavailable", b"", Retry_After="5")),
    "504": says(reply("504 Gateway Timeout", b"")),
    "507": says(reply("507 Insufficient Storage", b"")),
    "520": says(reply("520 Web Server Returned an Unknown Error", b"")),
    "599": says(reply("599 Network Connect Timeout Error", b"")),
    "999": says(reply("999 Request Denied", b"")),
    "half of a 500": says(reply("500 Internal Server Error")[:-10]),
    "half the headers of a 400": says(b"HTTP/1.1 400 Bad Request\r\nContent-Le"),
    "half the headers of a 429": says(b"HTTP/1.1 429 Too Many Requests\r\nRetry-Af"),
    "a 500 that drips": says_and_drips(b"HTTP/1.1 500 Oh\r\n", b"X: " + b"x" * 1000),
}

# A 2xx status line came through: a call exists.
CREATED_ALL_THE_SAME: dict[str, tuple[Behaviour, Called]] = {
    "as documented": (says(reply()), GOOD),
    "byte by byte": (says(*(bytes([byte]) for byte in reply())), GOOD),
    "reply before reading": (reply_before_reading, GOOD),
    "100 first": (says(b"HTTP/1.1 100 Continue\r\n\r\n", reply()), GOOD),
    "103 first": (says(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", reply()), GOOD),
    "fifty 1xx first": (says(b"HTTP/1.1 102 Processing\r\n\r\n" * 50, reply()), GOOD),
    "HTTP/1.0": (says(reply().replace(b"HTTP/1.1", b"HTTP/1.0", 1)), GOOD),
    "lines that end with LF alone": (says(reply().replace(b"\r\n", b"\n")), GOOD),
    "no reason": (says(reply("201 ")), GOOD),
    "no reason and no space": (says(reply("201")), GOOD),
    "no length": (says(HEAD, b"\r\n", CREATED), GOOD),
    "a reset instead of the end": (says_and_resets(HEAD, b"\r\n", CREATED), GOOD),
    "chunks": (chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(CREATED), CREATED)), GOOD),
    "chunks and a trailer": (chunked(b"%x\r\n%s\r\n0\r\nX: y\r\n\r\n" % (len(CREATED), CREATED)), GOOD),
    "chunks without the last": (chunked(b"%x\r\n%s\r\n" % (len(CREATED), CREATED)), GOOD),
    "broken chunks": (chunked(b"ZZ\r\n"), NO_REPLY_BODY),
    "a chunk too long": (chunked(b"ffffffffffffffff\r\n<html>"), NO_REPLY_BODY),
    "200": (says(reply("200 OK")), Called(200, call_id="call-1", status="queued", to_phone=GOOD.to_phone)),
    "202": (says(reply("202 Accepted", b"{}")), Called(202, oddities=("the reply held no call_id",))),
    "204": (says(b"HTTP/1.1 204 No Content\r\n\r\n"), Called(204, oddities=NO_OBJECT)),
    "206": (says(reply("206 Partial Content", b"")), Called(206, oddities=NO_OBJECT)),
    "299": (says(reply("299 Whatever", b"")), Called(299, oddities=NO_OBJECT)),
    "half the body": (says(reply()[:-10]), NO_REPLY_BODY),
    "reset in the body": (says_and_resets(reply()[:-10]), NO_REPLY_BODY),
    "hang in the body": (says_and_hangs(reply()[:-10]), NO_REPLY_BODY),
    "drip of the body": (
        says_and_drips(HEAD + b"Content-Length: 10000\r\n\r\n", b" " * 10_000),
        NO_REPLY_BODY,
    ),
    "a body without end": (talk_without_end, NO_REPLY_BODY),
    "more body than promised": (says(reply() + b"more of it"), GOOD),
    "a second reply": (says(reply() + reply("400 Bad Request", ERROR)), GOOD),
    "half the headers": (says(HEAD, b"Content-Le"), NO_REPLY_BODY),
    "reset in the headers": (says_and_resets(HEAD, b"Content-Le"), NO_REPLY_BODY),
    "hang in the headers": (says_and_hangs(HEAD, b"Content-Le"), NO_REPLY_BODY),
    "hang in the headers after a 1xx": (
        says_and_hangs(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", HEAD, b"Content-Le"),
        NO_REPLY_BODY,
    ),
    "drip of the headers": (says_and_drips(HEAD, b"X-Slow: " + b"x" * 10_000), NO_REPLY_BODY),
    "headers without end": (says(HEAD, b"X: " + b"x" * 200_000 + b"\r\n\r\n"), NO_REPLY_BODY),
    "headers for ever": (says_for_ever(HEAD, b"X-More: yes\r\n" * 5000), NO_REPLY_BODY),
    "headers that are none": (says(HEAD, b"\x00\x01\x02 :: \xff\r\n\r\n"), NO_REPLY_BODY),
    "a header without a name": (says(HEAD, b": nothing\r\n\r\n"), NO_REPLY_BODY),
    "two lengths": (says(HEAD, b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), NO_REPLY_BODY),
    "a length that is no number": (says(HEAD, b"Content-Length: many\r\n\r\n{}"), NO_REPLY_BODY),
    "a length below nothing": (says(HEAD, b"Content-Length: -1\r\n\r\n{}"), NO_REPLY_BODY),
    "a length beyond all": (says(HEAD, b"Content-Length: 99999999999999999999\r\n\r\n<html>"), NO_REPLY_BODY),
    "a transfer that nobody knows": (says(HEAD, b"Transfer-Encoding: pigeon\r\n\r\n{}"), NO_REPLY_BODY),
    "a NUL in the reason": (says(b"HTTP/1.1 201 Cre\x00ated\r\n\r\n"), NO_REPLY_BODY),
    "an empty body": (body(b""), NO_REPLY_BODY),
    "HTML": (body(b"<!doctype html>", Content_Type="text/html"), NO_REPLY_BODY),
    "a list": (body(b"[" + CREATED + b"]"), NO_REPLY_BODY),
    "null": (body(b"null"), NO_REPLY_BODY),
    "lists in lists": (body(b"[" * 500_000), NO_REPLY_BODY),
    "a number of a million digits": (body(b'{"call_id": ' + b"1" * 900_000 + b"}"), NO_REPLY_BODY),
    "a byte-order mark": (body(b"\xef\xbb\xbf" + CREATED), GOOD),
    "UTF-16": (body(CREATED.decode().encode("utf-16")), GOOD),
    "bytes that are no text": (body(b"\xff\xfe\xfd"), NO_REPLY_BODY),
    "5 MB": (body(b'"' + b"x" * 5_000_000 + b'"'), NO_REPLY_BODY),
    "gzip": (body(gzip.compress(CREATED), Content_Encoding="gzip"), GOOD),
    "GZIP": (body(gzip.compress(CREATED), Content_Encoding="GZIP"), GOOD),
    "deflate": (body(zlib.compress(CREATED), Content_Encoding="deflate"), GOOD),
    "broken gzip": (body(b"\x1f\x8b\x08\x00" + b"\xa5" * 50, Content_Encoding="gzip"), NO_REPLY_BODY),
    "half a gzip": (body(gzip.compress(CREATED)[:30], Content_Encoding="gzip"), NO_REPLY_BODY),
    "gzip that is none": (body(CREATED, Content_Encoding="gzip"), GOOD),
    "an encoding nobody knows": (body(b"\x28\xb5", Content_Encoding="zstd"), NO_REPLY_BODY),
    "no call_id": (
        body(b'{"status": "queued"}'),
        Called(201, status="queued", oddities=("the reply held no call_id",)),
    ),
    "a call_id that is null": (
        body(b'{"call_id": null}'),
        Called(201, oddities=("the reply held no call_id",)),
    ),
    "a call_id that is a number": (
        body(b'{"call_id": 4711}'),
        Called(201, call_id="4711", oddities=("the reply held an odd call_id",)),
    ),
    "another number": (
        body(json.dumps({"call_id": "c", "to_phone": "+12015550199"}).encode()),
        Called(
            201,
            call_id="c",
            to_phone="+12015550199",
            oddities=("the API says that it dials +12015550199",),
            misdirected=True,
        ),
    ),
}

# Nothing ends these but the deadline.
NEVER_DONE = frozenset(
    {
        *("hang in the body", "drip of the body", "hang in the headers", "hang in the headers after a 1xx"),
        "drip of the headers",
    }
)

NOT_CREATED: dict[str, tuple[Behaviour, Outcome]] = {
    "400": (says(reply("400 Bad Request", ERROR)), Refused(400, "c", "No.")),
    "half of a 400": (says(reply("400 Bad Request", ERROR)[:-10]), Refused(400, "http_400", "Bad Request")),
    "5 MB of a 422": (
        says(reply("422 Unprocessable Entity", b"x" * 5_000_000)),
        Refused(422, "http_422", "Unprocessable Entity"),
    ),
    "gzipped 400": (
        says(reply("400 Bad Request", gzip.compress(ERROR), Content_Encoding="gzip")),
        Refused(400, "c", "No."),
    ),
    "half of a 401": (says(reply("401 Unauthorized", ERROR)[:-10]), Halted(401, "http_401", "Unauthorized")),
    "402": (says(reply("402 Payment Required", ERROR)), Halted(402, "c", "No.")),
    "403": (says(reply("403 Forbidden", ERROR)), Forbidden(403, "c", "No.")),
    "404": (says(reply("404 Not Found", ERROR)), Halted(404, "c", "No.")),
    "405": (says(reply("405 Method Not Allowed", ERROR)), Halted(405, "c", "No.")),
    "413 before all was read": (refuse_before_reading_it_all, Halted(413, "c", "No.")),
    "308": (
        says(reply("308 Permanent Redirect", b"", Location="https://elsewhere.example/")),
        Halted(308, "redirect", "Permanent Redirect: redirected"),
    ),
    "429": (says(reply("429 Too Many Requests", ERROR, Retry_After="7")), Throttled(7.0, "No.")),
    "429 without a body": (says(b"HTTP/1.1 429 Slow\r\n\r\n"), Throttled(None, "Too Many Requests")),
    "429 with a date": (
        says(
            reply(
                "429 Too Many Requests",
                ERROR,
                Date="Wed, 21 Nov 2001 07:28:00 GMT",
                Retry_After="Wed, 21 Nov 2001 07:28:30 GMT",
            )
        ),
        Throttled(30.0, "No."),
    ),
}

SENT: dict[str, Behaviour] = (
    UNCERTAIN
    | {name: behave for name, (behave, _) in CREATED_ALL_THE_SAME.items()}
    | {name: behave for name, (behave, _) in NOT_CREATED.items()}
)


# Before the first byte of the request


async def close_before_the_turn(connection: RudeConnection) -> None:
    await connection.close()


async def reset_before_the_turn(connection: RudeConnection) -> None:
    connection.reset()
    await connection.close()


async def half_close_before_the_turn(connection: RudeConnection) -> None:
    connection.writer.get_extra_info("socket").shutdown(socket.SHUT_WR)


async def speak_and_close_before_the_turn(connection: RudeConnection) -> None:
    await connection.say(reply("408 Request Timeout", b""))
    await connection.close()


LEFT_BEFORE_THE_TURN: dict[str, Behaviour] = {
    "close": close_before_the_turn,
    "half close": half_close_before_the_turn,
    "reset": reset_before_the_turn,
    "408 and close": speak_and_close_before_the_turn,
}
