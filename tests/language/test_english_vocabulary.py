from language.english_vocabulary import count, english_among


class TestEnglishAmong:
    def test_takes_what_english_texts_have_much_more_often(self):
        english = count(["my parcel is late", "parcel status", "the order", "my order"])
        finglish = count(["order dadam", "order chi shod", "sefaresh"])

        found = english_among(english, finglish)

        assert "parcel" in found
        assert "order" not in found
        assert "status" not in found  # Once is not enough.

    def test_takes_what_is_a_persian_word_too_where_neither_language_has_it_much_more_often(self):
        english = count(["back pain", "neck pain", "no pain"])
        finglish = count(["az bala be pain", "sefaresham koja raft", "kodum"])

        assert "pain" in english_among(english, finglish)

    def test_takes_nothing_where_there_is_nothing(self):
        assert english_among(count([]), count([])) == []
