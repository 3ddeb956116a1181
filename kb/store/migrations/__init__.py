"""The catalog's schema, version by version; migrations are appended, never edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0012"


def upgrade(connection: Connection, version: str = HEAD) -> None:
    """Bring the schema to ``version`` inside the caller's transaction.

    Raises:
        CatalogVersionError: the catalog was written by a newer version.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    from kb.errors import CatalogVersionError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, version)
    except CommandError as exc:
        path = str(connection.engine.url.database)
        raise CatalogVersionError(
            f"{path} was written by a newer version: {exc}", path=path
        ) from exc
