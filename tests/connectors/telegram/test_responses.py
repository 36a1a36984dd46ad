from pathlib import Path

import pytest

from connectors.telegram import responses
from connectors.telegram.connector import TelegramConnector
from core.config import ROOT
from crm.wording import Wording
from tests.connectors.telegram.conftest import until
from tests.connectors.telegram.emulator import Emulator

DOMAIN: Path = ROOT / "domain.yml"


class TestDomain:
    def test_has_words_for_all_that_we_say_in_both_languages(self):
        wording = Wording.load(DOMAIN)

        assert len(responses.ALL) > 15
        for name in responses.ALL:
            persian, english = wording.say(name, "fa").text, wording.say(name, "en").text
            assert persian, name
            assert english, name
            assert english.isascii(), name
            assert not persian.isascii(), name

    @pytest.mark.parametrize("language", ["fa", "en"])
    async def test_is_taken_by_telegram_as_it_stands(self, language: str, make_connector, telegram: Emulator):
        connector: TelegramConnector = make_connector(words=Wording.load(DOMAIN).say)
        await connector.start()
        for command in ("/start", "/help", "/language"):
            telegram.write(command, language=language)

        await until(lambda: len(telegram.sent) == 3)

        assert all("reply_markup" in telegram.sent[place] for place in (0, 2))
