"""The catalog's schema, version by version; migrations are appended, never edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0007"


def upgrade(connection: Connection) -> None:
    """Bring the schema to `HEAD` inside the caller's transaction.

    Raises:
        CatalogError: the catalog was written by a newer version.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    from kb.errors import CatalogError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, HEAD)
    except CommandError as exc:
        raise CatalogError(f"the catalog was written by a newer version: {exc}") from exc
