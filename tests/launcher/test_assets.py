"""The browser's files."""

import pytest

from launcher import assets
from launcher.errors import LauncherError


@pytest.fixture
def packages(tmp_path):
    folder = tmp_path / "node_modules"
    for name in assets.FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


class TestCopy:
    def test_puts_every_file_and_its_licence_in_place_of_the_old_ones(self, packages, layout):
        layout.vendor.mkdir(parents=True)
        (layout.vendor / "of-last-year.js").touch()

        assets.copy(packages, layout.vendor)

        assert set(layout.vendor.iterdir()) == set(assets.outputs(layout))
        assert any("LICENSE" in path.name for path in layout.vendor.iterdir())

    def test_names_what_a_package_no_longer_holds(self, packages, layout):
        (packages / "htmx.org/dist/htmx.min.js").unlink()

        with pytest.raises(LauncherError, match=r"htmx\.min\.js"):
            assets.copy(packages, layout.vendor)
