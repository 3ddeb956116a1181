"""What has happened in a mirrored folder since it was looked at last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kb.ingest.scan import FoundFile, Listing
from kb.store.folders import MirroredFile

# So many files may go at once without anybody being asked, whatever share of all they are.
_FEW_REMOVED = 10


@dataclass(frozen=True, slots=True)
class Renamed:
    """A file that stands elsewhere or is called otherwise, with the same content."""

    before: MirroredFile
    now: FoundFile


@dataclass(frozen=True, slots=True)
class Differences:
    """What is to be done. ``touched`` have another date and the same content.

    ``must_ask`` says that so much is gone that a person must confirm it.
    """

    added: tuple[FoundFile, ...] = ()
    changed: tuple[FoundFile, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    removed: tuple[MirroredFile, ...] = ()
    touched: tuple[Renamed, ...] = ()
    must_ask: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing that a person would see has happened."""
        return not (self.added or self.changed or self.renamed or self.removed)


def compare(
    listing: Listing,
    known: Mapping[str, MirroredFile],
    sha256: Callable[[str], str | None],
    *,
    removal_share: float,
) -> Differences:
    """Compare a listing with what is known; content is looked at only where it must be.

    A file of the same size and date is the same. One that has gone and one that has come with its
    size are compared by their content: that is how a rename looks.

    Args:
        known: by path.
        sha256: gives the checksum of a file; None where it cannot be read just now.
        removal_share: of the known files (0 to 1) may go at once without anybody being asked.
    """
    come = [file for path, file in listing.files.items() if path not in known]
    gone = [
        file
        for path, file in known.items()
        if path not in listing.files and not listing.hides(path)
    ]
    changed, touched = [], []
    for path, file in listing.files.items():
        before = known.get(path)
        if before is None or (file.size, file.mtime_ns) == (before.size, before.mtime_ns):
            continue
        now = sha256(path)
        if now == before.sha256:
            touched.append(Renamed(before, file))
        elif now is not None:
            changed.append(file)
    renamed = _renamed(come, gone, sha256)
    moved = {each.now.path for each in renamed}
    left = {each.before.path for each in renamed}
    removed = tuple(file for file in gone if file.path not in left)
    too_many = len(removed) > max(_FEW_REMOVED, int(removal_share * len(known)))
    # As when another share stands at the path, or none does.
    emptied = bool(removed) and len(removed) == len(known)
    return Differences(
        added=tuple(file for file in come if file.path not in moved),
        changed=tuple(changed),
        renamed=tuple(renamed),
        removed=removed,
        touched=tuple(touched),
        must_ask=too_many or emptied,
    )


def _renamed(
    come: list[FoundFile], gone: list[MirroredFile], sha256: Callable[[str], str | None]
) -> list[Renamed]:
    """Pair what came with what went, each once; of several alike, those of the same name."""
    by_content: dict[tuple[int, str], list[MirroredFile]] = defaultdict(list)
    for file in gone:
        by_content[file.size, file.sha256].append(file)
    sizes = {size for size, _digest in by_content}
    pairs = []
    for new in come:
        if new.size not in sizes:
            continue
        digest = sha256(new.path)
        alike = by_content.get((new.size, digest)) if digest is not None else None
        if not alike:
            continue
        name = new.path.rsplit("/", 1)[-1]
        before = next((each for each in alike if each.path.rsplit("/", 1)[-1] == name), alike[0])
        alike.remove(before)
        pairs.append(Renamed(before, new))
    return pairs
