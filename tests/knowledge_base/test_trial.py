"""Trying out texts that nobody has saved."""

from dataclasses import replace

import numpy as np
import pytest

from knowledge_base.answering import QuestionBlank
from knowledge_base.confidence import Thresholds
from knowledge_base.enums import Band
from knowledge_base.pretence import instead
from knowledge_base.schemas import ArticleDraft
from knowledge_base.trial import UNSAVED, Trial, Unsaved

PARKING = {"title": "Where to park", "body": "Park behind the house.", "questions": ["is there a parking lot?"]}


@pytest.fixture
def trial(work, open_knowledge):
    """Runs a method of the trial."""

    async def run(name, *arguments, **more):
        async with work.reading() as session:
            return await getattr(Trial(open_knowledge(session)), name)(*arguments, **more)

    return run


@pytest.fixture
def seen(live):
    """What search says to a few questions, to see that nothing has changed."""

    def seen():
        vectors = live.embedder.questions(["where to park", "money back"])
        return [live.search.titles.nearest(one, 5) for one in vectors], live.search.versions()

    return seen


def unsaved(article=None, *, slug="new", **content):
    draft = ArticleDraft.model_validate({"title": "New", **content})
    return Unsaved(draft, article.slug if article else slug, "en", article.id if article else None)


class TestAsk:
    async def test_says_what_the_bot_would_say_and_why(self, make_article, trial):
        article = await make_article("parking", **PARKING)

        attempt = await trial("ask", "where to park", language="en")

        assert attempt.found.band is Band.answer
        assert attempt.found.answer.text == "Park behind the house."
        assert attempt.candidates[0].article_id == article.id
        assert attempt.candidates[0].features["coverage"] > 0

    async def test_refuses_a_question_without_words(self, trial):
        with pytest.raises(QuestionBlank):
            await trial("ask", " ", language="en")


class TestAskWith:
    async def test_answers_from_the_unsaved_text_and_leaves_the_saved_one(self, make_article, trial, seen):
        article = await make_article("parking", **PARKING)
        await make_article("refunds", body="Ten days.")
        before = seen()

        with_text = await trial(
            "ask_with", unsaved(article, **{**PARKING, "body": "Park at the station."}), "where to park", language="en"
        )
        now = await trial("ask", "where to park", language="en")

        assert with_text.found.answer.text == "Park at the station."
        assert now.found.answer.text == "Park behind the house."
        assert seen() == before

    async def test_a_text_that_was_never_saved_can_answer(self, make_article, trial, live):
        await make_article("refunds", body="Ten days.")

        attempt = await trial("ask_with", unsaved(**PARKING), "is there a parking lot?", language="en")

        assert attempt.found.answer.text == "Park behind the house."
        assert len(live.search) == 1

    async def test_an_address_that_another_article_has_takes_nothing_from_it(self, make_article, trial, live):
        article = await make_article("refunds", body="Ten days.")

        await trial("ask_with", unsaved(slug="refunds", **PARKING), "where to park", language="en")

        assert live.search.translation(article.id, "en").id == article.id

    async def test_another_article_may_still_answer(self, make_article, trial):
        await make_article("parking", **PARKING)

        attempt = await trial("ask_with", unsaved(title="Refunds", body="Ten days."), "where to park", language="en")

        assert attempt.found.answer.text == "Park behind the house."


class TestOverlaps:
    async def test_names_the_article_that_answers_the_same_questions(self, make_article, trial, seen):
        article = await make_article("parking", **PARKING)
        await make_article("refunds", body="Ten days.")
        before = seen()

        (overlap,) = await trial("overlaps", unsaved(**PARKING))

        assert overlap.article_id == article.id
        assert overlap.is_duplicate
        assert overlap.answered == ["Where to park", "is there a parking lot?"]
        assert seen() == before

    async def test_names_a_question_once_that_is_the_title_too(self, make_article, trial):
        await make_article("parking", **PARKING)
        (question,) = PARKING["questions"]

        (overlap,) = await trial("overlaps", unsaved(title=question.upper(), questions=[question], body="Outside."))

        assert overlap.answered == [question.upper()]

    async def test_names_the_same_however_sure_the_bot_has_to_be(self, make_article, trial, live):
        article = await make_article("parking", **PARKING)
        live.search.calibration = replace(live.search.calibration, thresholds=Thresholds(answer=1.0, offer=1.0))

        (overlap,) = await trial("overlaps", unsaved(**PARKING))

        assert (overlap.article_id, overlap.is_duplicate) == (article.id, True)

    async def test_names_the_questions_that_it_would_take(self, make_article, trial):
        article = await make_article(
            "contact", title="Contact us", body="Call us, or park a bicycle here.", questions=["park a bicycle"]
        )
        await make_article("refunds", body="Ten days.")

        overlaps = await trial(
            "overlaps",
            unsaved(title="Park a bicycle", body="Park a bicycle at the door.", questions=["can I park a bicycle"]),
        )

        assert [(one.article_id, one.taken) for one in overlaps] == [(article.id, ["park a bicycle"])]

    async def test_an_article_is_no_rival_of_itself_or_its_translation(self, make_article, trial):
        article = await make_article("parking", **PARKING)
        await make_article("parking", language="fa", title="پارکینگ", body="پشت خانه.", questions=PARKING["questions"])

        assert await trial("overlaps", unsaved(article, **PARKING)) == []

    async def test_an_unrelated_text_gets_in_nobodys_way(self, make_article, trial):
        await make_article("parking", **PARKING)

        assert await trial("overlaps", unsaved(title="Refunds", body="Ten days.", questions=["money back"])) == []


class TestAgentsOnly:
    async def test_a_text_for_agents_alone_answers_nobody_and_gets_in_nobodys_way(self, make_article, trial):
        await make_article("refunds", body="Ten days.")
        hidden = unsaved(**PARKING, visibility="agents")

        attempt = await trial("ask_with", hidden, "is there a parking lot?", language="en")

        assert attempt.found.answer is None
        assert await trial("overlaps", unsaved(title="refunds", visibility="agents")) == []


class TestInstead:
    async def test_puts_everything_back_after_a_failure(self, make_article, live, seen, work, open_knowledge):
        await make_article("parking", **PARKING)
        before = seen()
        async with work.reading() as session:
            (article,) = await Trial(open_knowledge(session))._stored(list(live.search.versions()))

        with pytest.raises(RuntimeError), instead(live.search, of=[article], put=[]):
            raise RuntimeError

        assert seen() == before

    async def test_keeps_what_was_saved_meanwhile(self, make_article, live, work, open_knowledge):
        await make_article("parking", **PARKING)
        async with work.reading() as session:
            (article,) = await Trial(open_knowledge(session))._stored(list(live.search.versions()))
        live.search.remove(article.id)

        with instead(live.search, of=[article], put=[]):
            pass

        assert len(live.search) == 0
        assert np.isfinite(article.vector).all()

    async def test_what_was_saved_meanwhile_stays_searched_and_is_not_put_over(
        self, make_article, live, work, open_knowledge
    ):
        parking = await make_article("parking", **PARKING)
        async with work.reading() as session:
            (before,) = await Trial(open_knowledge(session))._stored([parking.id])
        async with work.begin() as session:
            await open_knowledge(session).save(parking.id, ArticleDraft(title="Theirs"), version=1)

        with instead(live.search, of=[before], put=[before]):
            within = live.search.versions()

        assert within == live.search.versions() == {parking.id: 2}

    async def test_an_address_taken_meanwhile_stays_with_who_took_it(self, make_article, live, work, open_knowledge):
        parking = await make_article("parking", **PARKING)
        async with work.reading() as session:
            (theirs,) = await Trial(open_knowledge(session))._stored([parking.id])

        with instead(live.search, of=[], put=[replace(theirs, id=UNSAVED)]):
            pass

        assert live.search.translation(parking.id, "en").id == parking.id
