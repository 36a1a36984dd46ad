"""The app's own words to contacts."""

from crm.wording import Wording

JOINED = {
    "utter_agent_joined": [
        {"text": "{agent_name} has joined.", "condition": [{"type": "slot", "name": "language", "value": "en"}]},
        {"text": "{agent_name} پیوست."},
    ]
}


class TestSay:
    def test_keeps_a_persian_name_from_turning_an_english_sentence_around(self) -> None:
        wording = Wording(JOINED)

        assert wording.say("utter_agent_joined", "en", agent_name="سارا").text == "\u2068سارا\u2069 has joined."
        assert wording.say("utter_agent_joined", "en", agent_name="Sara").text == "Sara has joined."
        assert wording.say("utter_agent_joined", "fa", agent_name="سارا").text == "سارا پیوست."
