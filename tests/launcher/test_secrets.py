"""Secrets: random, private, made once."""

from launcher import secrets
from launcher.settings import read_env_file


class TestEnsure:
    def test_makes_every_secret_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "var/secrets.env"

        secrets.ensure(path)

        values = read_env_file(path)
        assert set(values) == set(secrets.NAMES)
        assert len(set(values.values())) == len(secrets.NAMES)
        assert path.stat().st_mode & 0o777 == 0o600
        assert secrets.is_private(path)

    def test_keeps_those_that_are_there_and_adds_the_missing(self, tmp_path):
        path = tmp_path / "secrets.env"
        path.write_text("SECRET_KEY=kept\n")

        secrets.ensure(path)

        values = read_env_file(path)
        assert values["SECRET_KEY"] == "kept"
        assert set(values) == set(secrets.NAMES)
        assert secrets.is_private(path)

    def test_says_nothing(self, tmp_path, capsys):
        secrets.ensure(tmp_path / "secrets.env")

        assert capsys.readouterr() == ("", "")
