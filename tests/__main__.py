"""Set up all that the tests need and run every check: ``python3 -m tests``.

Like ``python3 -m app`` this starts on the bare standard library, and must parse on any Python.
"""

import sys

from app.__main__ import is_too_old


def main():
    # type: () -> int
    """Return the exit code."""
    if is_too_old():
        return 1
    from app.setup.suite import main as suite

    return suite()


if __name__ == "__main__":
    sys.exit(main())
