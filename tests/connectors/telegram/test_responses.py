import pytest

from connectors.telegram import responses
from connectors.telegram.connector import TelegramConnector
from crm.wording import Wording
from tests.connectors.telegram.emulator import Emulator
from tests.fixtures.patience import until


class TestDomain:
    def test_has_words_for_all_that_we_say_in_both_languages(self, shipped_wording: Wording):
        assert len(responses.ALL) > 15
        for name in responses.ALL:
            persian, english = shipped_wording.say(name, "fa").text, shipped_wording.say(name, "en").text
            assert persian, name
            assert english, name
            assert english.isascii(), name
            assert not persian.isascii(), name

    @pytest.mark.parametrize("language", ["fa", "en"])
    async def test_is_taken_by_telegram_as_it_stands(
        self, language: str, make_connector, telegram: Emulator, shipped_wording: Wording
    ):
        connector: TelegramConnector = make_connector(words=shipped_wording.say)
        await connector.start()
        for command in ("/start", "/help", "/language"):
            telegram.write(command, language=language)

        await until(lambda: len(telegram.sent) == 3)

        assert all("reply_markup" in telegram.sent[place] for place in (0, 2))
