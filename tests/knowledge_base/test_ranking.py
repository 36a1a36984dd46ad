"""Between articles that come about equally near, use decides."""

from datetime import timedelta

import pytest

from knowledge_base.ranking import EVEN, Candidate, Standing, evened_out, helpful_tenths

TITLE = "How long does a refund take?"


class TestHelpfulTenths:
    @pytest.mark.parametrize(
        ("yes", "no", "tenths"), [(0, 0, 5), (1, 0, 5), (0, 1, 5), (4, 0, 6), (0, 4, 4), (90, 10, 9), (10, 90, 1)]
    )
    def test_needs_more_than_a_reader(self, yes, no, tenths):
        assert helpful_tenths(yes, no) == tenths


class TestEvenedOut:
    def test_moves_those_alone_that_are_about_as_near_as_the_first(self):
        candidates = [Candidate(number, {}, -number * EVEN * 0.6) for number in range(4)]
        standings = {0: Standing(), 1: Standing(changed_at=2.0), 2: Standing(9), 3: Standing(10)}

        assert [one.article_id for one in evened_out(candidates, standings.__getitem__)] == [1, 0, 2, 3]

    def test_of_nothing_is_nothing(self):
        assert evened_out([], lambda _article_id: Standing()) == []


class TestSearch:
    @pytest.fixture
    def first(self, work, open_knowledge):
        """The title of what comes first."""

        async def first():
            async with work.reading() as session:
                service = open_knowledge(session)
                asked = await service.read_question("how long do refunds take", language="en")
                ranking = await service.live.rank(asked)
                return service.live.search.entry(ranking.candidates[0].article_id).slug

        return first

    async def test_prefers_the_fresher_and_before_it_what_helped(
        self, make_article, first, clock, work, open_knowledge, live
    ):
        for slug in ("old", "new"):
            await make_article(slug, title=TITLE, body="Ten days.")
            clock.advance(timedelta(days=1))

        fresher = await first()
        async with work.begin() as session:
            for reader in range(4):
                await open_knowledge(session).vote("old", "en", reader=f"r{reader}", helpful=True)
        await live.synchronise()

        assert (fresher, await first()) == ("new", "old")

    async def test_prefers_no_article_that_is_further_off(self, make_article, first, clock):
        await make_article("near", title=TITLE, body="Ten days.")
        clock.advance(timedelta(days=1))
        await make_article("far", title="Where we are", body="In the old town.")

        assert await first() == "near"
