"""The command line: each command reads its options, calls one function, prints what came of it.

What a command needs is imported when it runs, so that `--help` answers at once. Only `main` turns errors
into exit codes.
"""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import rich_click as click

from dialer import (
    __version__,
    campaign_commands,
    ledger_commands,
    nightly_commands,
    record_commands,
    schedule_commands,
    settings_commands,
)
from dialer.call_options import (
    assistant_options,
    call_options,
    pace_options,
    policy_of,
    refuse_templates,
    request_options,
    template_options,
)
from dialer.defaults import Command
from dialer.errors import DialerError, UsageError
from dialer.jobs import job_of
from dialer.morning_options import log_option
from dialer.options import WORDS, global_options, nobody_can_answer, option, place_of
from dialer.sheet_options import memory_of, reading_of, sheet_options

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.MAX_WIDTH = 100

_INTERRUPTED = 130
_TERMINATED = 143


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="dialer")
def cli() -> None:
    """Calls every lead on a spreadsheet once through the VozAgent API, and hands the sheet back.

    Try it without ringing a phone: `dialer run LEADS --sandbox`
    """


def _command(name: str) -> Callable[[Callable[..., int]], click.Command]:
    return cli.command(name, cls=Command)


@_command("check")
@click.argument("leads")
@sheet_options
@option(
    "--fix-list", type=click.Path(path_type=Path), help="Write an Excel copy with the wrong cells marked."
)
@option("--jsonl", is_flag=True, help="Print the JSON object, then one object for each data row.")
@template_options
@global_options
def check(leads: str, **options: Any) -> int:
    """Say what would be called, and what is wrong with the rest.

    Nothing is sent. LEADS is a spreadsheet (CSV, TSV, XLSX, XLS, ODS), or - for standard input.
    """
    from dialer.check import Check, report_check

    with Check(
        leads,
        reading_of(options),
        rows=options["rows"] or (),
        place=place_of(options),
        memory=memory_of(options),
    ) as checking:
        return report_check(
            checking,
            as_json=options["as_json"],
            as_jsonl=options["jsonl"],
            quiet=options["quiet"],
            fix_list=options["fix_list"],
        )


@_command("template")
@click.argument("path", type=click.Path(path_type=Path), default="leads.xlsx")
@option("--config", type=click.Path(path_type=Path), help="A settings file. [default: ./dialer.toml]")
def template(path: Path, config: Path | None) -> int:  # noqa: ARG001 - read before all others
    """Write an empty sheet with the columns that are understood.

    PATH ends in .xlsx (the default is leads.xlsx), .csv or .tsv. Its one row is an example that nobody calls.
    """
    from dialer import screens
    from dialer.template import write_template

    write_template(path)
    screens.give(str(path))
    return 0


@_command("run")
@click.argument("leads")
@sheet_options
@call_options
@global_options
def run(leads: str, **options: Any) -> int:
    """Call everyone on a sheet once, and hand the sheet back.

    The same command goes on after a stop. LEADS is a spreadsheet (CSV, TSV, XLSX, XLS, ODS), or - for
    standard input.
    """
    return _run(leads, options)


@_command("retry")
@click.argument("leads")
@sheet_options
@option(
    "--call-status", type=WORDS, metavar="WORD,...", help="Call those once more whose call ended like this."
)
@call_options
@global_options
def retry(leads: str, **options: Any) -> int:
    """Call the rows that failed, and those that were mended.

    The same as `run --only failed,mended`. With --call-status it calls people a second time instead: those
    whose call has ended with one of these words, as `dialer outcomes` heard it.
    """
    from dialer.campaign import Selection

    usual = () if options["call_status"] else (Selection.FAILED, Selection.MENDED)
    options["only"] = options["only"] or usual
    return _run(leads, options)


def _run(leads: str, options: dict[str, Any]) -> int:
    from dialer.morning import notifying

    with notifying(options, leads) as tell:
        return _call_everybody(leads, options, tell)


def _call_everybody(leads: str, options: dict[str, Any], tell: Callable[[Any], None]) -> int:
    from dialer.snapshot import require

    require(leads)
    job = job_of(leads, options)
    # After the options were read: what is wrong with them is said at once.
    from dialer import screens
    from dialer.run import execute
    from dialer.settings import arguments_for

    result = execute(job, ask=_ask(yes=options["yes"]))
    tell(result)
    if options["as_json"]:
        _print_json(result.as_json())
    else:
        paths = [path for path in (result.report, result.html) if path]
        table = screens.closing_screen(
            result.counts,
            called_now=result.called_now,
            paths=paths,
            arguments=arguments_for(
                leads,
                result.campaign,
                job.place,
                reading=job.reading.model_dump(mode="json"),
                assistant=job.policy.assistant_name,
            )
            + (" --no-saved-mapping" if options["no_saved_mapping"] else ""),
            campaign=shlex.quote(result.campaign) + job.place.flags,
        )
        screens.console(stderr=False).print(table)
    return result.exit_code


def _ask(*, yes: bool) -> Callable[[int], bool]:
    def ask(count: int) -> bool:
        from dialer.screens import people

        if yes:
            return True
        if nobody_can_answer():
            raise UsageError(
                f"Call {people(count)}? Nobody can answer here: add --yes to call, or --dry-run to look.",
                code="nobody_can_answer",
            )
        return click.confirm(f"Call {people(count)}?", err=True)

    return ask


@_command("call")
@click.argument("number", metavar="+E164")
@assistant_options
@option("--first-name", help="The person's first name.")
@option("--last-name", help="The person's last name.")
@request_options
@pace_options
@log_option
@global_options
def call(number: str, **options: Any) -> int:
    """Make one call without a sheet: try your own number first."""
    from dialer import screens
    from dialer.call import Person
    from dialer.call import call as call_one

    refuse_templates(options)
    person = Person(number, options["first_name"], options["last_name"], options["notes"])
    policy = policy_of(options, sandbox=options["sandbox"])
    ended = call_one(place_of(options), person, policy, quiet=options["quiet"])
    if options["as_json"]:
        _print_json(ended.as_json())
    else:
        screens.console(stderr=False).print(screens.call_screen(ended.result))
    if ended.stopped:
        screens.say(ended.stopped)
    return ended.exit_code


@_command("sandbox")
@option("--port", type=click.IntRange(0, 65535), default=8410, show_default=True, help="0 is any free port.")
@option("--database", type=click.Path(path_type=Path), help="Its SQLite file. [default: in the user's data]")
@option("--rate-limit", metavar="N/s|N/min", help="Answer 429 above this rate.")
@option("--fault", "faults", multiple=True, metavar="KIND@PROBABILITY", help="A fault to inject. Repeatable.")
@option("--script", "scripts", multiple=True, metavar="+E164=FAULT,...", help="Faults for a number, in turn.")
@option("--seed", type=int, default=0, show_default=True, help="What the probabilities are drawn from.")
@option("--latency", type=float, default=0.0, metavar="SECONDS", help="How long each answer is held back.")
@option("-v", "--verbose", is_flag=True, help="Print one line for each request.")
@option("--config", type=click.Path(path_type=Path), help="A settings file. [default: ./dialer.toml]")
def sandbox(port: int, database: Path | None, config: Path | None, **options: Any) -> int:  # noqa: ARG001
    """Run the VozAgent API on this machine: no real phone rings."""
    from dialer.access import sandbox_database
    from dialer.sandbox.options import SandboxOptions
    from dialer.sandbox.server import serve

    path = database or sandbox_database()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return serve(
        SandboxOptions(
            database=str(path),
            port=port,
            rate_limit=options["rate_limit"],
            faults=options["faults"],
            scripts=options["scripts"],
            seed=options["seed"],
            latency_seconds=options["latency"],
            verbose=options["verbose"],
        )
    )


for _each in (
    *campaign_commands.COMMANDS,
    *ledger_commands.COMMANDS,
    *nightly_commands.COMMANDS,
    *record_commands.COMMANDS,
    *schedule_commands.COMMANDS,
    *settings_commands.COMMANDS,
):
    cli.add_command(_each)


def _print_json(content: Any) -> None:
    from dialer import screens

    screens.give(json.dumps(content, ensure_ascii=False))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and give its exit code; every error is one sentence on stderr."""
    # A million rows make no cycles, and to look for some as often as usual takes a sixth of the time.
    gc.set_threshold(20_000, 20, 20)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Under nohup a closed terminal is to be ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)
    code = _exit_code(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            # Its reader has gone, or its disk is full: the interpreter must not stumble over it at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


def _exit_code(given: list[str]) -> int:
    try:
        code = cli.main(args=given, prog_name="dialer", standalone_mode=False)
    except DialerError as error:
        return _fail(error.sentence, error.code, error.exit_code, given)
    except click.UsageError as error:
        hint = f" Try {error.ctx.command_path} --help." if error.ctx else ""
        return _fail(error.format_message() + hint, "usage", 2, given)
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)  # the question, or ^C, stands on this line
        return _fail(
            "Interrupted: nothing is lost, the same command goes on.", "interrupted", _INTERRUPTED, given
        )
    except _Terminated:
        return _fail(
            "Terminated: nothing is lost, the same command goes on.", "terminated", _TERMINATED, given
        )
    except OSError as error:
        sentence = (
            f"The system refused: {error}. Nothing is lost: put that right, then run the same command again."
        )
        return _fail(sentence, "system", 1, given)
    except Exception as error:  # noqa: BLE001 - the last resort: a fault of ours is one sentence, never a traceback
        sentence = (
            f"A fault inside dialer ({type(error).__name__}: {error}): nothing is lost; please report it."
        )
        return _fail(sentence, "internal", 1, given)
    return code if isinstance(code, int) else 0


class _Terminated(BaseException):
    """SIGTERM or SIGHUP came while no calls were under way."""


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise _Terminated


def _fail(sentence: str, code: str, exit_code: int, arguments: list[str]) -> int:
    from dialer.printable import clean

    words = clean(sentence, longest=4000)
    with suppress(OSError):
        click.echo(f"dialer: {words}", err=True)
    if "--json" in arguments or os.environ.get("DIALER_JSON", "").lower() in {"1", "true", "yes", "on"}:
        error = {"code": code, "message": words, "exit_code": exit_code}
        with suppress(OSError):
            click.echo(json.dumps({"error": error}, ensure_ascii=False))
    return exit_code
