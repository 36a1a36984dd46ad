"""What Hamyar writes is nobody else's to read."""

import os
from pathlib import Path

import pytest

from launcher import cli, privacy


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestKeep:
    @pytest.mark.parametrize("before", [None, 0o755])
    def test_makes_a_folder_its_owners_alone_also_where_it_was_there(self, tmp_path: Path, before: int | None) -> None:
        folder = tmp_path / "var"
        if before:
            folder.mkdir(mode=before)

        privacy.keep(folder)

        assert rights(folder) == 0o700

    def test_leaves_somebody_elses_as_it_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
        tmp_path.chmod(0o755)

        privacy.keep(tmp_path)

        assert rights(tmp_path) == 0o755


class TestEveryCommand:
    def test_writes_for_its_owner_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cli, "ROOT", tmp_path)
        monkeypatch.setattr(cli, "_raise_on_signals", lambda: None)
        monkeypatch.setattr(cli, "up", lambda layout, *_: (layout.var / "hamyar.db").touch())

        assert cli.main(["up", "--port", "1"]) == 0

        assert rights(tmp_path / "var") == 0o700
        assert rights(tmp_path / "var/hamyar.db") == 0o600
