import errno

import pytest
from sqlalchemy.exc import OperationalError

from app.messages import of_error
from kb.errors import NotFoundError
from kb.faults import reason_of


def of_catalog(said: str) -> OperationalError:
    return OperationalError("INSERT", {}, Exception(said))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "disk_full"),
        (OSError(errno.EROFS, "Read-only file system", "/data/a.txt"), "read_only"),
        (OSError(errno.EIO, "Input/output error"), "disk_failed"),
        (of_catalog("database or disk is full"), "disk_full"),
        (of_catalog("attempt to write a readonly database"), "read_only"),
        (of_catalog("disk I/O error"), "disk_failed"),
    ],
)
def test_what_a_disk_does_wrong_is_told_as_such(error: Exception, code: str) -> None:
    assert reason_of(error).code == code
    for language in ("zh", "en"):
        told = of_error(error, language)
        assert told.code == code
        assert "{" not in told.text


def test_other_errors_keep_their_names() -> None:
    assert reason_of(NotFoundError("none", kind="document", name="a")).code == "not_found"
    missing = FileNotFoundError(errno.ENOENT, "No such file", "/a")
    assert reason_of(missing).params == {"message": "No such file", "path": "/a"}
    assert reason_of(of_catalog("no such table")).code == "internal_error"
    assert of_error(of_catalog("no such table"), "zh").code == "internal"
