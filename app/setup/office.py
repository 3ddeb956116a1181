"""LibreOffice, by way of which doc, ppt, rtf, odt and odp are read: wanted, not needed."""

from __future__ import annotations

from app.setup import system
from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.messages import say
from app.setup.places import Places, read_stamp, write_stamp

STEP = "office"


def office_is_settled(places: Places, *, retry: bool = False) -> bool:
    """Tell whether there is nothing to do.

    A machine that could not have it is settled too, so that it starts at once; ``retry`` asks
    again.
    """
    if not system.missing(system.OFFICE):
        return True
    return not retry and read_stamp(places, STEP).get("asked") == _packages()


def install_office(places: Places, runner: Runner) -> str | None:
    """Install what is missing, or say by which command a person does; never stop the set-up."""
    wanted = system.missing(system.OFFICE)
    note = None
    if system.can_install():
        try:
            system.install(wanted, runner, places.log("apt"))
        except SetupError as exc:
            note = str(exc)
    else:
        command = system.install_command(wanted)
        note = say("system_missing", packages=" ".join(wanted), command=command)
    write_stamp(places, STEP, {"asked": _packages()})
    if note is None:
        return None
    runner.console.note(f"{note} {say('no_office')}")
    return say("without_office")


def _packages() -> list[str]:
    return [need.package for need in system.OFFICE]
