"""Telegram, by polling, against an emulated Bot API over HTTP: the same conversation path."""

import pytest

from tests.e2e.conftest import Desk
from tests.e2e.telegram import Telegram

pytestmark = pytest.mark.e2e


class TestConversation:
    def test_a_contact_is_answered_and_reaches_a_person(self, telegram: Telegram, desk: Desk) -> None:
        telegram.write("سلام")
        telegram.wait_for_words("همیار")
        telegram.write("با یه آدم حرف بزنم")
        telegram.wait_for_words("HM-")

        desk.open_conversation_saying("با یه آدم حرف بزنم")
        desk.reply("سلام، سارا هستم. بفرمایید.")

        telegram.wait_for_words("سارا هستم")
