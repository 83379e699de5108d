"""The commands about the settings: what holds, whether the files are right, and what may stand in them."""

from __future__ import annotations

import json
from typing import Any

import rich_click as click

from dialer.call_options import assistant_options, nearest_assistant
from dialer.defaults import Command
from dialer.errors import SettingsError
from dialer.options import global_options, option, place_of
from dialer.settings_files import WrongSetting

_WRONG = "dialer.wrong_settings"


class _Lined(Command):
    """A command that says on which line of a settings file a key is wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the settings files first, then the arguments."""
        from dialer.config import with_line

        try:
            return super().parse_args(ctx, args)
        except WrongSetting as error:
            raise with_line(error) from None


@click.group("config")
def config() -> None:
    """Show the settings, and check the settings files."""


@config.command("show", cls=Command)
@option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option(
    "--for", "sheet", metavar="FILE", help="As `dialer nightly` takes them for a file of this name."
)
@global_options
@click.pass_context
def show(context: click.RichContext, /, *, origin: bool, sheet: str | None, **options: Any) -> int:
    """Print every setting with its value; no secret is shown."""
    from dialer import screens
    from dialer.config import show
    from dialer.settings_screens import config_screen

    shown = show(context, sheet=sheet)
    if options["as_json"]:
        screens.give(json.dumps(shown.as_json(), ensure_ascii=False))
    else:
        screens.console(stderr=False).print(config_screen(shown, origin=origin))
    return 0


@config.command("check", cls=_Lined)
@global_options
@click.pass_context
def check(context: click.RichContext, /, **options: Any) -> int:
    """Read the settings files and say OK, or what is wrong first and on which line."""
    from dialer import screens
    from dialer.config import check

    said = list(check(context))
    if options["as_json"]:
        screens.give(json.dumps({"ok": True, "said": said}, ensure_ascii=False))
        return 0
    for sentence in said:
        screens.say(sentence)
    screens.give("OK")
    return 0


@config.command("keys", cls=Command)
@global_options
@click.pass_context
def keys(context: click.RichContext, /, **options: Any) -> int:
    """List every key that a settings file may hold, as a Markdown table."""
    from dataclasses import asdict

    from dialer import screens
    from dialer.config import keys, markdown

    if options["as_json"]:
        screens.give(json.dumps([asdict(key) for key in keys(context)], ensure_ascii=False))
    else:
        screens.give(markdown(context))
    return 0


class _Forgiving(Command):
    """A command that goes on with wrong settings files, and tells of them itself."""

    def read_settings(self, ctx: click.Context, args: list[str]) -> None:
        """Make the settings files the defaults, or keep what is wrong with them."""
        try:
            super().read_settings(ctx, args)
        except SettingsError as error:
            ctx.meta[_WRONG] = error


@click.command("doctor", cls=_Forgiving)
@assistant_options
@global_options
@click.pass_context
def doctor(
    context: click.RichContext, /, *, assistant: str | None, assistant_id: str | None, **options: Any
) -> int:
    """Look whether all is well, and say what to do.

    Nobody is called. The exit code is 0, or the one that a run would end with.
    """
    from dialer import config, screens
    from dialer.doctor import Patient, examine
    from dialer.settings_screens import doctor_screen

    named = nearest_assistant(assistant, assistant_id)
    diagnosis = examine(
        Patient(place_of(options), *named), lambda: config.check(context), context.meta.get(_WRONG)
    )
    if options["as_json"]:
        screens.give(json.dumps(diagnosis.as_json(), ensure_ascii=False))
    else:
        screens.console(stderr=False).print(doctor_screen(diagnosis, quiet=options["quiet"]))
    return diagnosis.exit_code


COMMANDS: tuple[click.Command, ...] = (config, doctor)
