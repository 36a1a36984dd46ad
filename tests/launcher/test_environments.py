"""The environments' packages, half-made ones among them."""

import pytest

from launcher.environments import drop_half_installed, make_app_environment
from launcher.errors import CommandFailed
from launcher.tools import Tools

UV = """
case "$*" in
  --version) echo "uv 0.13.9" ;;
  *"pip sync"*) echo "error sending request for url" >&2; exit 2 ;;
  *"--dry-run"*"app.txt") exit {} ;;
esac
"""


@pytest.fixture
def without_network(layout, make_program):
    """An environment that is there, and a uv that reaches nothing; it answers whether the environment fits the lock."""

    def make(answer: int) -> Tools:
        make_program(".venv/bin/python", "")
        make_program("bin/uv", UV.format(answer))
        layout.requirements.mkdir()
        (layout.requirements / "app.txt").write_text("torch==2.0\n")
        return Tools(layout, {"PATH": f"{layout.root / 'bin'}:/usr/bin:/bin"})

    return make


class TestMakeAppEnvironment:
    def test_needs_no_network_for_what_is_there_already(self, layout, without_network):
        make_app_environment(layout, without_network(0), [layout.requirements / "app.txt"])

    def test_fails_where_something_is_missing(self, layout, without_network):
        with pytest.raises(CommandFailed, match="network cannot be reached"):
            make_app_environment(layout, without_network(1), [layout.requirements / "app.txt"])


class TestDropHalfInstalled:
    def test_forgets_a_package_whose_installation_did_not_come_to_its_end(self, tmp_path):
        packages = tmp_path / "lib/python3.11/site-packages"
        for name in ("whole-1.dist-info", "half-1.dist-info", "whole"):
            (packages / name).mkdir(parents=True)
        (packages / "whole-1.dist-info/INSTALLER").write_text("uv")

        drop_half_installed(tmp_path)

        assert sorted(path.name for path in packages.iterdir()) == ["whole", "whole-1.dist-info"]
