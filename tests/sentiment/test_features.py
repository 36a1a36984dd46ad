import numpy as np
import pytest

from sentiment.features import FEATURE_NAMES, features_of


class TestFeaturesOf:
    @pytest.mark.parametrize("text", ["not good at all", "اصلا خوب نبود", "be nazaram khoob nabood"])
    def test_turn_praise_under_a_negation(self, text):
        features = features_of(text)

        assert features.negated_positive > 0
        assert features.positive == 0
        assert features.balance < 0

    @pytest.mark.parametrize("text", ["the food was delicious", "غذا خوشمزه بود", "ghaza khoshmaze bood"])
    def test_find_praise_in_three_writings(self, text):
        assert features_of(text).balance > 0

    @pytest.mark.parametrize("text", ["بی‌کیفیت", "بی کیفیت", "بیکیفیت", "بي كيفيت"])
    def test_find_a_word_however_it_is_typed(self, text):
        assert features_of(text).negative > 0

    @pytest.mark.parametrize("text", ["you idiots", "بی‌شعورا", "ahmagh"])
    def test_find_insults(self, text):
        assert features_of(text).abuse > 0

    def test_do_not_take_give_for_bad(self):
        assert features_of("لطفا آدرس بده").negative == 0

    def test_weigh_what_follows_but(self):
        assert features_of("the food was good but the delivery was awful").closing_balance < 0
        assert features_of("تحویل بد بود ولی غذا عالی بود").closing_balance > 0

    def test_hear_shouting(self):
        features = features_of("WHERE IS MY MONEY??? چرااااا!!!")

        assert min(features.capitals, features.repeated_question_marks, features.exclamations, features.elongations) > 0

    def test_do_not_take_an_abbreviation_for_shouting(self):
        assert features_of("My SIM does not work").capitals == 0

    @pytest.mark.parametrize("text", ["آفرین، ده روزه منتظرم", "مرسی که جواب نمیدین", "great, still no reply"])
    def test_take_praise_beside_waiting_for_wry(self, text):
        assert features_of(text).wry == 1

    @pytest.mark.parametrize("text", ["عالی بود، ممنون", "ده روزه منتظرم", "still no reply"])
    def test_take_neither_alone_for_wry(self, text):
        assert features_of(text).wry == 0

    def test_see_emoji(self):
        assert features_of("😡").emoji_angry > 0
        assert features_of("❤️").emoji_positive > 0

    @pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "‏‮", "!" * 100_000, "سلام " * 50_000])
    def test_take_any_text(self, text):
        values = features_of(text).as_array()

        assert values.shape == (len(FEATURE_NAMES),)
        assert np.isfinite(values).all()
