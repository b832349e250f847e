"""Public runs: AgentDojo's, out of its source distribution, by the user's own pip."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from govlab.errors import LogError

__all__ = ["AGENTDOJO", "extract_runs", "fetch_agentdojo"]

AGENTDOJO: Final = "agentdojo==0.1.29"
"""The last release whose source distribution holds the runs."""


def fetch_agentdojo(cache: Path) -> Path:
    """The folder with AgentDojo's published runs, under `cache`; fetched once.

    Uses `pip download` with the user's own configuration. Raises `LogError` where pip is not
    there or fails, or the archive holds no runs.
    """
    folder = cache / AGENTDOJO.replace("==", "-")
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        archive = _download(Path(scratch))
        extract_runs(archive, Path(scratch) / "unpacked").rename(folder)
    return folder


def _download(into: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:",
               "--disable-pip-version-check", AGENTDOJO, "-d", str(into)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  no shell
    archives = sorted(into.glob("agentdojo-*.tar.gz"))
    if archives:  # pip downloads before it builds metadata, which nothing here needs
        return archives[0]
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["it said nothing"]
    raise LogError(f"pip cannot download `{AGENTDOJO}`: {said[0]}")


def extract_runs(archive: Path, into: Path) -> Path:
    """The folder `into`, holding the `runs/` of the source distribution `archive` and nothing else.

    Raises `LogError` where the archive is broken, holds no runs or a name that leaves the folder.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(into, members=_runs(tar), filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise LogError(f"{archive.name}: cannot be unpacked: {error}") from error
    if not (into / "runs").is_dir():
        raise LogError(f"{archive.name}: no folder `runs` in it")
    return into


def _runs(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The JSON files under `<name>-<version>/runs`, without that first folder."""
    for member in tar:
        _, *inner = PurePosixPath(member.name).parts
        if member.isfile() and inner[:1] == ["runs"] and member.name.endswith(".json"):
            yield member.replace(name="/".join(inner), deep=False)
