"""Set up what is missing and start Zhiku: ``python3 -m app``.

This module must parse on any Python, to tell an old one that it is too old.
"""

import sys


def is_too_old():
    # type: () -> bool
    """Tell whether this Python is too old, and say so."""
    if sys.version_info < (3, 6):  # noqa: UP036 -- as below
        sys.stderr.write("Zhiku needs Python 3.11 or newer, for example: python3.11 -m app\n")
        return True
    if sys.version_info < (3, 11):  # noqa: UP036 -- the very check that old Pythons need
        from app.setup.messages import say

        version = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(say("old_python", version=version, executable=sys.executable) + "\n")
        return True
    return False


def main():
    # type: () -> int
    """Return the exit code."""
    if is_too_old():
        return 1
    from app.setup.start import main as start

    return start()


if __name__ == "__main__":
    sys.exit(main())
