import pytest

from sentiment.evidence import shows_ill_feeling, speaks_of_distress


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
