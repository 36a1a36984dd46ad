"""The app where it cannot start."""

from pathlib import Path

import pytest

from web.app import EXIT_CONFIGURATION, create_app

SECRETS = dict.fromkeys(("SECRET_KEY", "RASA_TOKEN", "ACTIONS_TOKEN"), "secret-of-the-tests-0123456789012345")


class TestCreateApp:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [("frustration: [", "not YAML"), ("frustration: 7", "frustration: "), ("weights: {anger: 7}", "anger must be")],
    )
    def test_says_in_one_line_that_the_handoff_policy_cannot_be_used(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        content: str,
        reason: str,
    ) -> None:
        file = tmp_path / "policy.yml"
        shipped = Path("crm/conversations/handoff_policy.yml").read_text(encoding="utf-8")
        file.write_text(f"{shipped}\n{content}\n", encoding="utf-8")
        for name, value in {**SECRETS, "HANDOFF_POLICY_FILE": str(file)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("web.app.set_up_logging", lambda _: None)

        with pytest.raises(SystemExit) as ended:
            create_app()

        said = capsys.readouterr().err
        assert ended.value.code == EXIT_CONFIGURATION
        assert said.startswith(f"hamyar: {file}: ")
        assert reason in said
        assert said.count("\n") == 1
