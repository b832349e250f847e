"""What is told to reload last is what decides, and what cannot be read changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from threading import Event

from govlab.serving.reload import Reload
from govlab.serving.ruling import Ruling
from tests.serving.inside import of_rules


def test_the_version_read_last_decides(tmp_path: Path) -> None:
    service = of_rules(tmp_path, "name: all\nrules: [{decision: ALLOW}]").service
    first, versions, second_read = service.ruling, iter(["1.0.1", "1.0.2"]), Event()
    said: list[str] = []

    def read(_: Path) -> Ruling:
        version = next(versions)
        if version == "1.0.1":
            second_read.wait(0.2)  # slow, so that the second could come before it
        else:
            second_read.set()
        return replace(first, version=version)

    reload = Reload(service, tmp_path / "bundle", read, said.append)

    async def twice() -> None:
        await asyncio.gather(reload.now(), reload.now())

    asyncio.run(twice())
    assert service.ruling.version == "1.0.2"
    assert len(said) == 2
