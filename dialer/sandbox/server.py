"""Runs the sandbox on loopback until it is told to stop."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dialer.sandbox.app import create_app
from dialer.sandbox.assistants import ASSISTANTS
from dialer.sandbox.control import version
from dialer.sandbox.fate import Timeline
from dialer.sandbox.options import SandboxOptions
from dialer.sandbox.store import Store, UnusableDatabase
from dialer.sandbox.wire import SandboxProtocol, SandboxServer

EX_USAGE = 2
EX_UNAVAILABLE = 69
EX_CONFIG = 78

_HOST = "127.0.0.1"
_SECONDS_TO_FINISH = 5


def serve(options: SandboxOptions) -> int:
    """Serves until SIGINT, SIGTERM or, if asked, the end of standard input; gives the exit code.

    0 stopped as asked; 2 an option makes no sense; 69 the port is taken; 78 the database cannot be used.
    What is wrong is one sentence on stderr.
    """
    try:
        faults, rate = options.chosen_faults(), options.chosen_rate()
    except ValueError as error:
        return _fail(str(error), EX_USAGE)
    try:
        listener = _listen(options.port)
    except OSError as error:
        return _fail(
            f"The sandbox cannot listen on {_HOST}:{options.port}: {error.strerror or error}", EX_UNAVAILABLE
        )
    with listener:
        try:
            store = Store(options.database, timeline=Timeline(options.queued_seconds, options.talk_seconds))
        except UnusableDatabase as error:
            return _fail(str(error), EX_CONFIG)
        app = create_app(store, faults, rate_limit=rate, standalone=not options.exit_with_parent)
        base_url = f"http://{_HOST}:{listener.getsockname()[1]}/v1"
        try:
            _run(app, listener, options, lambda: _introduce(base_url, options))
        finally:
            store.close()
    return 0


def _fail(sentence: str, exit_code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return exit_code


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # So that a sandbox can be started again at once, while connections of the last one linger.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


def _run(
    app: FastAPI, listener: socket.socket, options: SandboxOptions, when_ready: Callable[[], None]
) -> None:
    _speak(verbose=options.verbose)
    config = uvicorn.Config(
        # A page in somebody's browser must not read the contacts of a rehearsal by naming us as its own host.
        TrustedHostMiddleware(app, allowed_hosts=[_HOST, "localhost"], www_redirect=False),
        http=SandboxProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        workers=1,
        timeout_keep_alive=options.keep_alive_seconds,  # type: ignore[arg-type] # it is only given to call_later
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    server = SandboxServer(config, when_ready)
    if options.exit_with_parent:
        threading.Thread(target=_watch_parent, args=(server,), name="parent", daemon=True).start()
    server.run([listener])


def _watch_parent(server: SandboxServer) -> None:
    # The parent holds the other end; however it dies, the pipe ends.
    while os.read(0, 4096):
        pass
    server.should_exit = True


def _speak(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for name, level in (("uvicorn.error", logging.WARNING), ("dialer.sandbox", logging.INFO)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level if verbose or name == "uvicorn.error" else logging.WARNING)


def _introduce(base_url: str, options: SandboxOptions) -> None:
    if options.announce:
        text = json.dumps({"base_url": base_url, "pid": os.getpid()}) + "\n"
    else:
        text = introduction(base_url, options)
    sys.stdout.write(text)
    sys.stdout.flush()


def introduction(base_url: str, options: SandboxOptions) -> str:
    """What somebody needs to know to use a sandbox that has just started."""
    active = ", ".join(f"{one.name} ({one.id})" for one in ASSISTANTS if one.is_active)
    inactive = ", ".join(f"{one.name} ({one.id}, inactive)" for one in ASSISTANTS if not one.is_active)
    order = '{"phone_number": "+12015550123", "assistant_name": "Voz", "first_name": "Ada"}'
    trouble = ", ".join((*options.faults, *options.scripts)) or "none"
    return f"""\
VozAgent sandbox {version()}: nobody's telephone rings.

  Base URL    {base_url}
  Keys        sk_sandbox (works), sk_sandbox_readonly (call: 403), sk_sandbox_lapsed (call: 402)
  Assistants  {active}
              {inactive}
  Database    {options.resolved_database()}
  Rate limit  {options.rate_limit or "none"}
  Faults      {trouble}

Try it:

  curl -s {base_url}/calls/outbound -H 'Authorization: Bearer sk_sandbox' \\
       -H 'Content-Type: application/json' \\
       -d '{order}'

Stop it with Ctrl-C.
"""
