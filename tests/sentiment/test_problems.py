from pathlib import Path

import pytest
import yaml

from sentiment.problems import NEVER, PROBLEMS_FILE, problem_of


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("پولم رو پس ندادید", "money"),
        ("pulam bargasht nakhord", "money"),
        ("I was charged twice, not happy", "money"),
        ("رمزم رو قبول نمی‌کنه، وارد حسابم نمی‌شم", "access"),
        ("the video won't play and the app keeps crashing", "broken"),
        ("این ویدیو کار نمی‌کنه", "broken"),
        ("هیچ‌کس جواب نمی‌ده", "no_answer"),
        ("nobody answers my mails", "no_answer"),
        ("خیلی دیر شد", "delay"),
        ("lately it is always late", "delay"),
        ("سایتتون خیلی کنده", "delay"),
        ("اینترنت کند شده", "delay"),
        ("برنامه‌تون کند کار می‌کند", "delay"),
        ("kheyli kond shode", "delay"),
        ("تماس قطع شد", "broken"),
        ("صدا مدام قطع می‌شه", "broken"),
        ("اینترنتتون همه‌اش قطعی داره", "broken"),
        ("قطعاً دیگه از شما خرید نمی‌کنم", None),
        ("یک جواب قطعی به من بدهید", None),
        ("هنگام تحویل هیچ‌کس نبود", None),
        ("واقعاً کسی نیست کمک کند؟", None),
        ("lately your service is awful", None),
        ("what a let-down", None),
        ("", None),
        ("\u202e\x00\ud800", None),
    ],
)
def test_names_the_problem_by_its_words(text, problem):
    assert problem_of(text) == problem


def test_each_problem_has_its_apology():
    responses = yaml.safe_load(Path("domain.yml").read_text(encoding="utf-8"))["responses"]
    problems = yaml.safe_load(PROBLEMS_FILE.read_text(encoding="utf-8"))

    assert problems.keys() > {NEVER}
    assert {f"utter_sorry_{problem}" for problem in problems.keys() - {NEVER}} <= set(responses)
