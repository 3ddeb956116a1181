"""Names of columns, as spreadsheet programs show them."""

from __future__ import annotations


def column_number(letters: str) -> int:
    """Return the number of a column from 1 by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Name a column as spreadsheet programs do: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
