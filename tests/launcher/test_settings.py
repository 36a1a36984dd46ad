"""The environment that the processes get."""

import pytest

from launcher import secrets
from launcher.errors import LauncherError
from launcher.settings import addresses, child_environment, rasa_environment, read_env_file, running_environment


class TestReadEnvFile:
    def test_understands_comments_quotes_and_export(self, tmp_path):
        path = tmp_path / ".env"
        path.write_text(
            "# a comment\nexport PORT=9000 # ours\nNAME='همیار یک'\nURL=postgresql://u:p@h/d?x=1\n\nnonsense\n"
        )

        assert read_env_file(path) == {"PORT": "9000", "NAME": "همیار یک", "URL": "postgresql://u:p@h/d?x=1"}

    def test_names_the_line_that_is_not_utf_8(self, tmp_path):
        path = tmp_path / ".env"
        path.write_bytes(b"PORT=9000\r\n" + "NAME=سلام\n".encode("cp1256"))

        with pytest.raises(LauncherError, match=r"^\.env is not UTF-8, line 2; save it as UTF-8$"):
            read_env_file(path)

    def test_takes_a_missing_file_for_an_empty_one(self, tmp_path):
        assert read_env_file(tmp_path / ".env") == {}


class TestChildEnvironment:
    def test_prefers_the_real_environment_then_the_file_then_the_secrets(self, layout):
        secrets.ensure(layout.secrets_file)
        layout.settings_file.write_text("LOG_LEVEL=DEBUG\nSECRET_KEY=\nRASA_TOKEN=from-the-file\nOMP_NUM_THREADS=2\n")

        environment = child_environment(layout, {"LOG_LEVEL": "ERROR"})

        assert environment["LOG_LEVEL"] == "ERROR"
        assert environment["RASA_TOKEN"] == "from-the-file"
        assert environment["OMP_NUM_THREADS"] == "2"
        # Left blank in the file, as in a copied example.
        assert len(environment["SECRET_KEY"]) >= 32

    def test_keeps_the_launchers_own_python_out_of_it(self, layout):
        environment = child_environment(layout, {"PYTHONPATH": "/somewhere", "VIRTUAL_ENV": "/other"})

        assert not {"PYTHONPATH", "VIRTUAL_ENV"} & environment.keys()

    def test_lets_python_keep_what_it_has_compiled(self, layout):
        environment = child_environment(layout, {"PYTHONDONTWRITEBYTECODE": "1"})

        assert "PYTHONDONTWRITEBYTECODE" not in environment


class TestAddresses:
    def test_prefers_the_command_line(self):
        where = addresses({"PORT": "9000", "RASA_PORT": "6000"}, host=None, port="9001", rasa_port=None)

        assert (where.host, where.port, where.rasa_port) == ("127.0.0.1", 9001, 6000)

    @pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", "۸۰۰۰"])
    def test_refuses_what_is_no_port(self, port):
        with pytest.raises(LauncherError, match="PORT must be a number"):
            addresses({}, host=None, port=port, rasa_port=None)
        with pytest.raises(LauncherError, match="ACTIONS_PORT must be a number"):
            addresses({"ACTIONS_PORT": port}, host=None, port=None, rasa_port=None)

    def test_shows_an_address_that_a_browser_can_open(self):
        assert addresses({"HOST": "::"}, host=None, port=None, rasa_port=None).site == "http://[::1]:8000"
        assert addresses({"HOST": "10.0.0.7"}, host=None, port=None, rasa_port=None).site == "http://10.0.0.7:8000"


class TestRunningEnvironment:
    def test_tells_the_processes_where_the_other_one_is(self, layout):
        where = addresses({}, host=None, port="9001", rasa_port="6001")

        environment = running_environment(layout, {}, where)

        assert environment["RASA_URL"] == "http://127.0.0.1:6001"
        assert environment["ACTIONS_URL"] == "http://127.0.0.1:9001/actions/webhook"
        assert environment["PORT"] == "9001"

    def test_tells_rasa_of_actions_in_a_process_of_their_own(self, layout):
        where = addresses({"ACTIONS_PORT": "5055"}, host=None, port=None, rasa_port=None)

        environment = running_environment(layout, {}, where)

        assert environment["ACTIONS_URL"] == "http://127.0.0.1:5055/actions/webhook"


class TestRasaEnvironment:
    def test_has_what_rasa_needs_and_no_secret_of_others(self, layout):
        needed = (
            *("RASA_TOKEN", "ACTIONS_TOKEN", "ACTIONS_URL", "RASA_URL", "RASA_MODELS_FOLDER", "ENCODER_FOLDER"),
            *("PATH", "LANG", "LC_ALL", "https_proxy", "OMP_NUM_THREADS", "LOG_LEVEL", "PYTHONUNBUFFERED"),
        )
        others = ("SECRET_KEY", "SERVICE_TOKEN", "DATABASE_URL", "REDIS_URL", "EMAIL_PASSWORD", "TELEGRAM_BOT_TOKEN")

        environment = rasa_environment(layout, dict.fromkeys((*needed, *others, "HOME"), "x"))

        assert environment == {**dict.fromkeys(needed, "x"), "HOME": str(layout.rasa_home)}
