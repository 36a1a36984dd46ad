from connectors.email import responses
from crm.wording import Wording


class TestDomain:
    def test_has_words_for_all_that_we_say_in_both_languages(self, shipped_wording: Wording):
        assert len(responses.ALL) > 5
        for name in responses.ALL:
            persian, english = shipped_wording.say(name, "fa").text, shipped_wording.say(name, "en").text
            assert english, name
            assert english.isascii(), name
            assert persian, name
            assert not persian.isascii(), name
