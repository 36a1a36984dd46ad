"""What contacts are shown of the demo articles, as the set of questions counts it."""

import json
from pathlib import Path

import pytest

from core.config import ROOT
from knowledge_base.article_files import read_articles
from knowledge_base.evaluate import read_lines
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
