"""The files of a folder or zip: which of them are images, by their content, and which are not.

Names are in one normal form (`genart.media.file_names`). Files that operating systems add are
ignored, as are text files beside the images.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from genart.errors import DataError
from genart.media.file_names import is_junk, normal_name, zip_name
from genart.media.image_kinds import HEAD, FileKind, kind_of_bytes
from genart.media.image_reader import MOST_BYTES, too_many_bytes
from genart.media.image_report import ImageReport, LeftOut, UnreadableImage

#: Suffixes that are not checked when files are listed: such a file is listed, and decoded later.
_USUAL = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
_ZIP_ERRORS = (OSError, ValueError, RuntimeError, EOFError, NotImplementedError, zipfile.BadZipFile)
_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class ImageFiles:
    """The files of a folder or zip.

    Args:
        path: the folder or zip.
        images: the names of the images, sorted, by their path within it, with slashes.
        left_out: the files that are not images, and those that cannot be read.
        entries: name to a path or to an entry of the zip, for every file.
    """

    path: Path
    images: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    entries: Mapping[str, Path | zipfile.ZipInfo]
    archive: zipfile.ZipFile | None = None

    def paths(self) -> list[Path]:
        """Return the images of a folder as paths."""
        return [Path(str(self.entries[name])) for name in self.images]

    def report(self) -> ImageReport:
        """Return the report of what is listed as an image and what is left out."""
        return ImageReport(len(self.images), self.left_out)

    def image(self, name: str) -> Path | bytes:
        """Return a file as a path, or as its bytes if it is in a zip.

        Raises:
            UnreadableImage: it cannot be read.
        """
        entry = self.entries[name]
        return entry if isinstance(entry, Path) else self._unpacked(name, entry, MOST_BYTES)

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """Return the first bytes of a file.

        Raises:
            KeyError: there is no such file.
            UnreadableImage: it cannot be read.
        """
        entry = self.entries[name]
        if isinstance(entry, zipfile.ZipInfo):
            return self._unpacked(name, entry, most)
        try:
            with entry.open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise UnreadableImage(name, error.strerror or str(error)) from error

    def _unpacked(self, name: str, entry: zipfile.ZipInfo, most: int) -> bytes:
        if entry.flag_bits & 1:
            raise UnreadableImage(name, "encrypted in the zip")
        if entry.file_size > MOST_BYTES:
            raise UnreadableImage(name, too_many_bytes(entry.file_size))
        assert self.archive is not None
        try:
            with self.archive.open(entry) as file:
                return file.read(most)
        except Exception as error:  # zlib, bz2 and lzma raise their own types on damaged data
            raise UnreadableImage(name, f"damaged in the zip ({error})") from error


def list_images(path: str | Path) -> ImageFiles:
    """Return the images of a folder, searched with its subfolders, or of a zip.

    Raises:
        DataError: `path` is neither a folder nor a zip.
    """
    path = Path(path)
    if path.is_dir():
        entries, left_out = _of_folder(path)
        return _sorted_out(ImageFiles(path, (), tuple(left_out), entries))
    if path.is_file() and zipfile.is_zipfile(path):
        try:
            archive = zipfile.ZipFile(path)
        except _ZIP_ERRORS as error:
            raise DataError(f'"{path}" is a damaged zip: {error}.') from error
        files, left_out = _unique(_of_zip(archive))
        return _sorted_out(ImageFiles(path, (), tuple(left_out), files, archive))
    raise DataError(f'"{path}" is neither a folder nor a zip of images.')


def _sorted_out(files: ImageFiles) -> ImageFiles:
    """The files with their images listed, and the others left out with the reason."""
    images, left_out = [], [*files.left_out]
    for name in sorted(files.entries):
        if PurePosixPath(name).suffix.lower() in _USUAL:
            images.append(name)
            continue
        try:
            kind = kind_of_bytes(files.read(name, HEAD))
        except UnreadableImage as error:
            left_out.append(LeftOut(name, error.reason))
            continue
        if kind.group == "image":
            images.append(name)
        elif kind.group not in ("text", "empty"):
            left_out.append(LeftOut(name, _not_an_image(kind)))
    return ImageFiles(files.path, tuple(images), tuple(left_out), files.entries, files.archive)


def _not_an_image(kind: FileKind) -> str:
    return f"not an image {'of a known format' if kind.group == 'unknown' else f'but {kind.name}'}"


def _of_folder(folder: Path) -> tuple[dict[str, Path], list[LeftOut]]:
    unread: list[LeftOut] = []

    def failed(error: OSError) -> None:
        name = os.path.relpath(error.filename or "", folder)
        unread.append(LeftOut(normal_name(name), error.strerror or str(error)))

    files, left_out = _unique(_walk(folder, failed, unread))
    return files, [*unread, *left_out]


def _walk(
    folder: Path, failed: Callable[[OSError], Any], unread: list[LeftOut]
) -> Iterator[tuple[str, Path]]:
    """Every regular file below a folder."""
    for root, folders, names in os.walk(folder, onerror=failed):
        inside = PurePosixPath(normal_name(os.path.relpath(root, folder)))
        folders[:] = sorted(each for each in folders if not is_junk(normal_name(each)))
        for each in folders:
            if os.path.islink(os.path.join(root, each)):
                reason = "a link to a folder, which is not followed"
                unread.append(LeftOut(str(inside / normal_name(each)), reason))
        for each in sorted(names):
            path = Path(root, each)
            if path.is_file():  # a pipe would be waited for
                yield str(inside / normal_name(each)), path


def _of_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    for info in archive.infolist():
        if not info.filename.endswith(("/", "\\")):
            yield zip_name(info.filename, bool(info.flag_bits & 0x800)), info


def _unique(
    found: Iterator[tuple[str, _Entry]],
) -> tuple[dict[str, _Entry], list[LeftOut]]:
    """Files by name, without those of operating systems; of two with one name the first."""
    files: dict[str, _Entry] = {}
    twice = []
    for name, entry in found:
        if is_junk(name):
            continue
        if name in files:
            twice.append(LeftOut(name, "a second file of this name"))
        else:
            files[name] = entry
    return files, twice
