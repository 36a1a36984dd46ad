import pytest

from connectors.telegram.connector import TelegramConnector
from crm.enums import Channel
from tests.connectors.telegram.emulator import Emulator
from tests.fixtures.patience import until


class TestStart:
    async def test_shows_the_commands_in_both_languages(self, polling: TelegramConnector, telegram: Emulator):
        assert polling.channel is Channel.telegram
        assert polling.webhook is None
        for language, spoken in (("", "fa"), ("en", "en")):
            menu = {command["command"]: command["description"] for command in telegram.commands[language]}
            assert list(menu) == ["start", "help", "human", "new", "language"]
            assert menu["human"] == f"[utter_telegram_command_human {spoken}]"

    async def test_takes_the_bot_back_from_a_webhook(self, make_connector, telegram: Emulator):
        telegram.webhook = {"url": "https://old.example"}

        await make_connector().start()
        await until(lambda: "getUpdates" in telegram.calls)

        assert telegram.webhook is None

    async def test_says_that_the_token_is_refused_without_showing_it(self, make_connector, timer, caplog):
        await make_connector(token="7000000002:AAwrong").start()

        await until(lambda: len(timer.slept) >= 2)

        assert "refused the bot's token" in caplog.text
        assert "AAwrong" not in caplog.text

    @pytest.mark.parametrize("missing", ["public_url", "secret"])
    def test_needs_an_address_and_a_secret_for_a_webhook(self, missing: str, make_connector):
        with pytest.raises(ValueError, match="PUBLIC_URL"):
            make_connector(webhook=True, **{missing: ""})


class TestStop:
    async def test_ends_the_polling(self, polling: TelegramConnector, telegram: Emulator):
        await polling.stop()

        calls = len(telegram.calls)
        telegram.write("بعد از پایان")

        assert len(telegram.calls) == calls
        assert len(telegram.updates) == 1

    async def test_needs_no_start(self, make_connector):
        await make_connector().stop()
