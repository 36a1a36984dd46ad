"""What contacts are shown of the demo articles, as the set of questions counts it."""

import json
from pathlib import Path

import pytest
import yaml

from core.config import ROOT
from knowledge_base.article_files import read_articles
from knowledge_base.evaluate import read_lines
from knowledge_base.question import matching_form
from language.encoder import Encoder
from language.hashing_encoder import HashingEncoder
from seeds.evaluate import QUESTIONS, AskedLine, Outcome, figures_of, main, open_demo

ARTICLE = """---
title: Parking
category: places
slug: parking
language: en
questions:
  - where do I park?
---

Park behind the house.
"""
CATEGORIES = "- {slug: places, name_fa: جاها, name_en: Places, position: 1}\n"
# The article that each button of the first greetings is about, and what its answer shows.
GREETED = {
    "چه دوره‌هایی دارید؟": "which-course",
    "What courses do you offer?": "which-course",
    "نمی‌توانم وارد حساب کاربری‌ام شوم": "sign-in-trouble",
    "I can't sign in to my account": "sign-in-trouble",
}
SHOWN = {
    "which-course": {"fa": "هوش مصنوعی در CRM", "en": "AI in CRM"},
    "sign-in-trouble": {"fa": "ورود با پیامک", "en": "Sign in by text message"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "places").mkdir()
    (tmp_path / "places" / "parking.en.md").write_text(ARTICLE, encoding="utf-8")
    (tmp_path / "categories.yml").write_text(CATEGORIES, encoding="utf-8")
    return tmp_path


def asked(text: str, *, article: str = "parking", shows: str = "behind the house") -> AskedLine:
    return AskedLine(text=text, lang="en", articles=[article], shows=[shows], part="report")


class TestDemo:
    async def test_tells_a_wrong_passage_from_a_wrong_article(self, folder):
        async with open_demo(HashingEncoder(), folder) as demo:
            shown = [
                await demo.ask(asked("Where do I park?")),
                await demo.ask(asked("Where do I park?", shows="in the yard")),
                await demo.ask(asked("Where do I park?", article="hotels")),
                await demo.ask(asked("hello")),
            ]

        assert [one.outcome for one in shown] == [
            Outcome.right,
            Outcome.wrong_passage,
            Outcome.wrong_article,
            Outcome.declined,
        ]
        assert figures_of(shown)["right passage of right article"] == 0.5

    def test_says_what_is_wrong_with_a_file(self, tmp_path, capsys):
        (tmp_path / "q.jsonl").write_text("{}\n", encoding="utf-8")

        assert main(["--questions", str(tmp_path / "q.jsonl")]) == 2
        assert "line 1" in capsys.readouterr().err


class TestQuestions:
    def test_every_right_answer_stands_in_an_article_that_may_give_it(self):
        bodies = {(one.front.slug, one.front.language): one.body for one in read_articles(ROOT / "seeds/articles")}
        lines = read_lines(QUESTIONS, AskedLine)

        assert len(lines) >= 160
        for line in lines:
            # Passages say tables and emphasis in another way than Markdown.
            words = " ".join(bodies[slug, line.lang] for slug in line.articles).replace("*", "").replace("|", "")
            held = [all(word in words for word in one.replace(":", "").split()) for one in line.shows]
            assert any(held), line.text

    def test_no_question_is_asked_twice(self):
        keys = [(one.before, one.text) for one in read_lines(QUESTIONS, AskedLine)]

        assert len(keys) == len(set(keys))


def greeting_buttons() -> dict[str, str]:
    """What a press on each button of the first greetings asks, with its language."""
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    greetings = [one for name in ("utter_widget_greeting", "utter_telegram_start") for one in responses[name]]
    pressed = [(one, button["payload"]) for one in greetings for button in one["buttons"]]
    return {text: "en" if "condition" in one else "fa" for one, text in pressed if not text.startswith("/")}


class TestGreetingButtons:
    def test_ask_what_an_article_has_word_for_word(self):
        articles = {(one.front.slug, one.front.language): one.front for one in read_articles(ROOT / "seeds/articles")}
        buttons = greeting_buttons()

        assert len(buttons) >= 4
        for text, language in buttons.items():
            front = articles[GREETED[text], language]
            assert matching_form(text) in [matching_form(one) for one in (front.title, *front.questions)], text

    @pytest.mark.model
    @pytest.mark.slow
    async def test_are_answered_from_the_article_that_is_meant(self):
        async with open_demo(Encoder.open(ROOT / "var/models/encoder")) as demo:
            for text, language in greeting_buttons().items():
                shows = SHOWN[GREETED[text]][language]
                line = AskedLine(text=text, lang=language, articles=[GREETED[text]], shows=[shows], part="greeting")

                assert (await demo.ask(line)).outcome is Outcome.right, text


@pytest.mark.model
@pytest.mark.slow
class TestWhatContactsRead:
    def test_the_passage_shown_of_a_right_article_is_nearly_always_the_one_that_answers(self, capsys):
        assert (ROOT / "var/models/encoder").is_dir(), "the encoder is not built; `./hamyar up` builds it"

        assert main(["--part", "report", "--json"]) == 0

        figures = json.loads(capsys.readouterr().out)["report"]
        assert figures["questions"] >= 60
        assert figures["right passage of right article"] >= 0.88
        assert figures["wrong article"] + figures["wrong passage"] <= 10
