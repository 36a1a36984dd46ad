from pathlib import Path

import pytest

from core.config import Settings, problems

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ("SECRET_KEY", "SERVICE_TOKEN", "ACTIONS_TOKEN", "RASA_TOKEN")


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings from this machine."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    return monkeypatch


class TestSettings:
    def test_every_one_is_explained_to_operators(self) -> None:
        assert len(Settings.model_fields) > 20
        example = (ROOT / ".env.example").read_text()
        manual = (ROOT / "docs/operations.md").read_text()

        for name in Settings.model_fields:
            assert f"# {name.upper()}=" in example, name
            assert f"| `{name.upper()}` |" in manual, name

    def test_no_secret_has_a_default(self, bare_environment: pytest.MonkeyPatch) -> None:
        missing = {line.split(":")[0] for line in problems()}

        assert missing == set(SECRETS)

    def test_a_short_secret_is_refused_by_name(self, bare_environment: pytest.MonkeyPatch) -> None:
        for name in SECRETS:
            bare_environment.setenv(name, "x" * 32)
        bare_environment.setenv("RASA_TOKEN", "changethis")

        assert problems() == ["RASA_TOKEN: must have at least 24 characters"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DATABASE_URL", "postgresql://user:password@host/name"),
            ("DATABASE_URL", "mysql://user@host/name"),
            ("REDIS_URL", "localhost:6379"),
            ("PUBLIC_URL", "support.example.com"),
            ("TURNS_PER_MINUTE", "0"),
            ("RASA_TIMEOUT_SECONDS", "0"),
            ("EMAIL_IMAP_PORT", "99300"),
            ("DOMAIN_FILE", "nowhere.yml"),
            ("HANDOFF_POLICY_FILE", "nowhere.yml"),
            ("SENTIMENT_FOLDER", "nowhere"),
            ("TELEGRAM_WEBHOOK", "true"),
            ("LOG_LEVEL", "verbose"),
        ],
    )
    def test_what_nothing_could_work_with_is_refused_by_name(
        self, name: str, value: str, bare_environment: pytest.MonkeyPatch
    ) -> None:
        for secret in SECRETS:
            bare_environment.setenv(secret, "x" * 32)

        bare_environment.setenv(name, value)

        assert [line.split(":")[0] for line in problems()] == [name]

    def test_sites_are_separated_by_commas(self, bare_environment: pytest.MonkeyPatch) -> None:
        for name in SECRETS:
            bare_environment.setenv(name, "x" * 32)
        bare_environment.setenv("WIDGET_ORIGINS", "https://a.example, https://b.example")

        assert Settings().widget_origins == ["https://a.example", "https://b.example"]

    def test_cookies_are_secure_where_the_site_has_https_unless_somebody_says_otherwise(
        self, bare_environment: pytest.MonkeyPatch
    ) -> None:
        for name in SECRETS:
            bare_environment.setenv(name, "x" * 32)
        found = []
        for address in ("", "http://localhost:8000", "HTTPS://support.example.com"):
            bare_environment.setenv("PUBLIC_URL", address)
            found.append(Settings().secure_cookies)
        bare_environment.setenv("SECURE_COOKIES", "false")

        assert found == [False, False, True]
        assert not Settings().secure_cookies

    def test_half_of_what_email_needs_is_refused_by_name(self, bare_environment: pytest.MonkeyPatch) -> None:
        for name in SECRETS:
            bare_environment.setenv(name, "x" * 32)
        assert problems() == []

        bare_environment.setenv("EMAIL_ADDRESS", "Support@example.com")
        bare_environment.setenv("EMAIL_IMAP_HOST", "imap.example.com")
        assert {line.split(":")[0] for line in problems()} == {"EMAIL_PASSWORD", "EMAIL_SMTP_HOST"}

    def test_a_password_never_goes_over_the_network_in_the_open(self, bare_environment: pytest.MonkeyPatch) -> None:
        for name in SECRETS:
            bare_environment.setenv(name, "x" * 32)
        for name in ("ADDRESS", "PASSWORD", "IMAP_HOST", "SMTP_HOST"):
            bare_environment.setenv(f"EMAIL_{name}", "a@example.com" if name == "ADDRESS" else "127.0.0.1")
        bare_environment.setenv("EMAIL_SMTP_SECURITY", "none")
        assert problems() == []

        bare_environment.setenv("EMAIL_SMTP_HOST", "smtp.example.com")
        assert [line.split(":")[0] for line in problems()] == ["EMAIL_SMTP_SECURITY"]
