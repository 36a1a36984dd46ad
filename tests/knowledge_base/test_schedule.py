"""Publishing in time."""

from datetime import timedelta

import pytest

from knowledge_base.enums import ArticleStatus
from knowledge_base.schedule import Schedule

DAY = timedelta(days=1)


@pytest.fixture
def schedule(work, open_knowledge, clock):
    return Schedule(work, open_service=open_knowledge, clock=clock)


@pytest.fixture
def do(work, open_knowledge):
    """Calls the service in a transaction of its own."""

    async def do(name, *arguments, **more):
        async with work.begin() as session:
            return await getattr(open_knowledge(session), name)(*arguments, **more)

    return do


class TestSchedule:
    async def test_publishes_at_the_time_and_not_before(self, make_article, do, schedule, clock, live):
        article = await make_article(publish=False)
        await do("schedule", article.id, at=clock.now() + DAY)
        early = await schedule.due()

        clock.advance(DAY)
        for one in await schedule.due():
            await schedule.publish(one)

        assert early == []
        assert (await do("get", article.id)).status is ArticleStatus.published
        assert (await do("get", article.id)).published_at == clock.now()
        assert live.search.versions() == {article.id: 1}
        assert await schedule.due() == []

    async def test_a_process_that_was_down_catches_up(self, make_article, do, work, open_knowledge, clock):
        article = await make_article(publish=False)
        await do("submit", article.id)
        await do("schedule", article.id, at=clock.now() + DAY)
        clock.advance(10 * DAY)

        after_restart = Schedule(work, open_service=open_knowledge, clock=clock)
        await after_restart.publish((await after_restart.due())[0])

        assert (await do("get", article.id)).status is ArticleStatus.published

    @pytest.mark.parametrize("change", ["archive", "return_to_draft"])
    async def test_what_was_called_off_is_not_published(self, make_article, do, schedule, clock, change):
        article = await make_article(publish=False)
        await do("schedule", article.id, at=clock.now() + DAY)
        await do(change, article.id)
        clock.advance(2 * DAY)

        assert await schedule.due() == []
        await schedule.publish(str(article.id))

        assert (await do("get", article.id)).status is not ArticleStatus.published

    async def test_an_archived_article_taken_up_again_waits_for_its_editor(self, make_article, do, schedule, clock):
        article = await make_article()
        await do("archive", article.id)
        await do("return_to_draft", article.id)

        assert await schedule.due() == []

    async def test_publishing_by_hand_calls_off_the_time(self, make_article, do, schedule, clock):
        article = await make_article(publish=False)
        await do("schedule", article.id, at=clock.now() + DAY)

        published = await do("publish", article.id)

        assert published.published_at == clock.now()
