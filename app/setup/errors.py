"""The one error of the set-up: a sentence that says what to do."""

from __future__ import annotations

from app.setup.messages import say


class SetupError(Exception):
    """A step cannot be done; the message is meant for the person at the terminal."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(say(key, **params))
        self.key = key
