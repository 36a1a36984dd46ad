import pytest

from sentiment.evidence import shows_ill_feeling, speaks_of_distress, takes_anger_back, threatens_with_law


@pytest.mark.parametrize(
    "text",
    [
        "این چه وضعشه",
        "where is it!!!",
        "NOT AGAIN PLEASE",
        "باز نشد 😡",
        "عالیه، سه روزه منتظرم",
        "great, still no reply",
    ],
)
def test_ill_feeling_shows_in_words_marks_and_wry_praise(text):
    assert shows_ill_feeling(text)


@pytest.mark.parametrize("text", ["ساده‌تر بگو", "tell me more", "خب بعدش؟", "دوره کی شروع می‌شه؟", "", "\ud800"])
def test_none_shows_in_a_plain_request(text):
    assert not shows_ill_feeling(text)


def test_distress_is_spoken_of_in_words_of_illness_and_loss():
    assert speaks_of_distress("مادرم از دنیا رفت")
    assert speaks_of_distress("I'm having surgery tomorrow")
    assert not speaks_of_distress("I'm at work on Sundays")


def test_law_is_threatened_with_by_a_court_or_ones_own_lawyer_and_not_by_a_lawyer_who_asks():
    assert threatens_with_law("وکیلم باهاتون تماس می‌گیره")
    assert threatens_with_law("see you in court")
    assert not threatens_with_law("من وکیل شرکت هستم")


class TestTakesAngerBack:
    @pytest.mark.parametrize(
        "text",
        [
            "ببخشید عصبانی بودم",
            "شرمنده تند حرف زدم",
            "sorry, I was angry a minute ago",
            "I apologise for shouting",
            "bebakhshid asabani budam",
        ],
    )
    def test_who_says_sorry_for_it(self, text: str) -> None:
        assert takes_anger_back(text)

    @pytest.mark.parametrize(
        "text",
        ["ببخشید ولی عصبانی شدم", "عصبانی‌ام", "sorry but I got really angry", "I was angry", "sorry, it does not work"],
    )
    def test_not_who_goes_on_with_it(self, text: str) -> None:
        assert not takes_anger_back(text)
