"""A history in an object store: no locks, but one conditional put by which a run is finished.

The stores of `obstore`: S3, Google Cloud Storage, Azure, and what speaks as they do. Two runs at
once both work; whoever comes second finds that the edition is no longer the one it began with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govlab.errors import UsageError
from govlab.scheduled.store import Kept

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from obstore.store import ObjectStore

__all__ = ["Objects"]


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of `store`, which users name `place`."""

    place: str
    store: ObjectStore

    @staticmethod
    def at(url: str) -> Objects:
        """The store at `url`; keys and regions come from the environment, as its kind has them.

        Raises UsageError where there is no such kind, or `obstore` is not installed.
        """
        try:
            from obstore import exceptions, store  # noqa: PLC0415  # an extra
        except ImportError:
            raise UsageError(
                f"`{url}` is an object store: what reads those is not installed; "
                "run `pip install 'govlab[objects]'`"
            ) from None
        try:
            return Objects(url, store.from_url(url))
        except (exceptions.BaseError, ValueError) as error:
            raise UsageError(f"`{url}` is no object store: {_first(error)}") from None

    def held(self) -> AbstractContextManager[None]:
        """Nobody holds an object store: `swap` tells who was second."""
        return nullcontext()

    def get(self, name: str) -> Kept | None:
        """The object and its entity tag."""
        with self._asked("read"):
            try:
                found = self.store.get(name)
            except FileNotFoundError:
                return None
            return Kept(bytes(found.bytes()), _tag(found.meta))

    def put(self, name: str, content: bytes) -> None:
        """An object is there whole or not at all."""
        with self._asked("written"):
            self.store.put(name, content)

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """`If-None-Match: *` where nothing was there, else `If-Match`."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415

        with self._asked("written"):
            try:
                self.store.put(name, content, mode="create" if tag is None else json.loads(tag))
                return True
            except (AlreadyExistsError, PreconditionError):
                pass
        there = self.get(name)
        # a put whose answer was lost on its way is sent again, and meets itself
        return there is not None and there.content == content

    def names(self, folder: str) -> list[str]:
        """The objects under a prefix."""
        with self._asked("read"):
            pages = list(self.store.list(folder))
        return sorted(str(found["path"]) for page in pages for found in page)

    def drop(self, name: str) -> None:
        """Removes the object."""
        with self._asked("written"):
            try:
                self.store.delete(name)
            except FileNotFoundError:
                return

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """What the store refuses, in one line."""
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            yield
        except (BaseError, OSError) as error:
            raise UsageError(f"`{self.place}` cannot be {what}: {_first(error)}") from None


def _tag(meta: Any) -> str:
    """What tells this state of an object from any other, as a conditional put takes it."""
    known = {name: meta[name] for name in ("e_tag", "version") if meta.get(name) is not None}
    return json.dumps(known)


def _first(error: Exception) -> str:
    """What the library says, without what it says for those who debug it."""
    return str(error).partition("\n")[0]
