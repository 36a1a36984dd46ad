from connectors.email import responses
from core.config import ROOT
from crm.wording import Wording


class TestDomain:
    def test_has_words_for_all_that_we_say_in_both_languages(self):
        wording = Wording.load(ROOT / "domain.yml")

        assert len(responses.ALL) > 5
        for name in responses.ALL:
            persian, english = wording.say(name, "fa").text, wording.say(name, "en").text
            assert english, name
            assert english.isascii(), name
            assert persian, name
            assert not persian.isascii(), name
