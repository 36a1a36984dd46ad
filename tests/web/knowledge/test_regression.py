"""Questions with the article that should answer them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from core.clock import FixedClock
from crm.enums import Role
from crm.models import Agent
from knowledge_base.enums import Band, GapState, Verdict
from knowledge_base.models import Expectation, Gap
from knowledge_base.regression import Regression
from tests.web.knowledge.conftest import WriteArticle
from tests.web.knowledge.test_editor import stored, typed
from web.parts import Parts

PAGE = "/desk/knowledge/regression"
API = "/api/v1/knowledge"
QUESTION = "How long does a refund take?"
HOSTILE = "<script>alert(1)</script> refund"


async def kept(parts: Parts) -> list[Expectation]:
    async with parts.work.reading() as session:
        return list(await parts.open_knowledge(session).regression.all())


async def run_all(parts: Parts) -> None:
    regression = Regression(parts.work, open_service=parts.open_knowledge, clock=parts.clock)
    for one in await regression.due():
        await regression.run(one)


class TestPage:
    async def test_keeps_a_question_and_shows_whether_it_is_answered(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        await write(QUESTION, slug="refunds", body="Ten days.")

        added = await editor.post(PAGE, data={"question": QUESTION, "address": "/help/en/refunds"})
        page = (await editor.get(added.headers["location"])).text

        assert added.status_code == 303
        assert "Answered as it should" in page
        assert "1 of 1 are answered as they should" in page

    async def test_takes_the_article_in_the_language_of_the_question(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        await write(QUESTION, slug="refunds", body="Ten days.")
        persian = await write("زمان بازگشت شهریه", slug="refunds", language="fa", body="ده روز.")

        await editor.post(PAGE, data={"question": "شهریه کی برمی‌گردد؟", "address": "refunds"})

        assert [one.article_id for one in await kept(parts)] == [persian.id]

    async def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        response = await editor.post(PAGE, data={"question": HOSTILE, "address": "nowhere"})

        assert response.status_code == 422
        assert "There is no article with this address." in response.text
        assert "<script>alert" not in response.text
        assert await kept(parts) == []

    async def test_shows_what_has_begun_to_fail(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")
        await editor.post(PAGE, data={"question": QUESTION, "address": "refunds"})

        async with parts.work.begin() as session:
            await parts.open_knowledge(session).archive(article.id)
        assert "being asked now" in (await editor.get(PAGE)).text
        await run_all(parts)
        page = (await editor.get(PAGE)).text

        assert "failing since then" in page
        assert "Not found" in page
        assert "being asked now" not in page

    async def test_asks_on_request_and_forgets_on_request(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        await write(QUESTION, slug="refunds", body="Ten days.")
        await editor.post(PAGE, data={"question": QUESTION, "address": "refunds"})

        await editor.post(f"{PAGE}/run")
        await run_all(parts)
        assert "Nothing has changed since the time before." in (await editor.get(PAGE)).text
        await editor.post(f"{PAGE}/{(await kept(parts))[0].id}/remove")

        assert await kept(parts) == []

    async def test_a_table_goes_in_and_comes_out(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        await write(QUESTION, slug="refunds", body="Ten days.")
        table = f"question,article\n{QUESTION},refunds\nwhere?,nowhere\n".encode()

        page = (await editor.post(f"{PAGE}/import", files={"file": ("set.csv", table)})).text
        exported = await editor.get(f"{PAGE}/export")

        assert "1 added, 0 changed, 0 were there already, 1 refused." in page
        assert "line 3" in page
        assert f"{QUESTION},refunds,en" in exported.text

    async def test_a_row_without_a_language_takes_the_article_in_that_of_its_question(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        await write(QUESTION, slug="refunds", body="Ten days.")
        persian = await write("زمان بازگشت شهریه", slug="refunds", language="fa", body="ده روز.")
        table = b"question,article\nshahriye key barmigarde?,refunds\n"

        await editor.post(f"{PAGE}/import", files={"file": ("set.csv", table)})
        page = (await editor.get(PAGE)).text

        assert [one.article_id for one in await kept(parts)] == [persian.id]
        assert '<bdi dir="ltr">shahriye key barmigarde?</bdi>' in page

    async def test_a_file_that_is_no_table_is_refused_with_the_reason(self, editor: httpx.AsyncClient) -> None:
        page = (await editor.post(f"{PAGE}/import", files={"file": ("set.csv", b"\x89PNG\0\xff")})).text

        assert "This is not text in UTF-8; from Excel, save it as “CSV UTF-8”." in page


class TestKeep:
    async def test_one_click_keeps_what_was_tried(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")
        tried = (await editor.get("/desk/knowledge/try", params={"question": QUESTION, "answer_in": "en"})).text
        assert f"{PAGE}/keep" in tried

        data = {"question": QUESTION, "article": article.id}
        response = await editor.post(f"{PAGE}/keep", data=data, headers={"hx-request": "true"})

        assert "Among the test questions" in response.text
        assert [one.verdict for one in await kept(parts)] == [Verdict.answered]

    async def test_one_click_keeps_a_question_without_an_answer(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")
        async with parts.work.begin() as session:
            gap = Gap(
                question="where is my money",
                language="en",
                band=Band.decline,
                confidence=0.1,
                state=GapState.open,
                created_at=parts.clock.now(),
            )
            session.add(gap)
        form = {"gaps": str(gap.id), "typical": gap.id, "article": article.id, "action": "expect"}

        response = await editor.post("/desk/knowledge/questions", data=form)

        assert response.status_code == 303
        assert [(one.question, one.article_id) for one in await kept(parts)] == [("where is my money", article.id)]


class TestAfterPublishing:
    async def test_the_article_says_what_fails_since_then(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, clock: FixedClock
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")
        another = await write("Opening hours", slug="hours")
        await editor.post(PAGE, data={"question": QUESTION, "address": "refunds"})
        clock.advance(timedelta(seconds=1))
        form = typed(title="Something else", body="Nothing.", version=1, status="published", action="save_anyway")
        await editor.post(f"/desk/knowledge/{article.id}", data=form)

        asking = (await editor.get(f"/desk/knowledge/{article.id}")).text
        await run_all(parts)
        page = (await editor.get(f"/desk/knowledge/{article.id}")).text
        piece = (await editor.get(f"/desk/knowledge/{article.id}/tested")).text
        elsewhere = (await editor.get(f"/desk/knowledge/{another.id}")).text

        assert "being asked now" in asking
        for text in (page, piece):
            assert "failing since then" in text
            assert f">{QUESTION}</bdi></li>" in text
            assert "being asked now" not in text
        assert "failing since then" not in elsewhere

    async def test_so_does_another_that_was_changed_before_they_were_asked(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, clock: FixedClock
    ) -> None:
        first = await write("Opening hours", slug="hours")
        await editor.post(PAGE, data={"question": "when are you open", "address": "hours"})
        await editor.post(f"/desk/knowledge/{first.id}", data=typed(title="Opening hours!", status="published"))
        clock.advance(timedelta(seconds=1))
        second = await write("When are you open", slug="hours", language="fa")
        await run_all(parts)

        page = (await editor.get(f"/desk/knowledge/{second.id}")).text

        assert "Test questions since the last change of this article" in page


class TestWarning:
    async def test_a_text_that_breaks_a_question_is_warned_of_and_not_saved(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")
        await editor.post(PAGE, data={"question": QUESTION, "address": "refunds"})
        hidden = typed(title=QUESTION, body="Ten days.", visibility="agents", version=1, status="published")

        warned = await editor.post(f"/desk/knowledge/{article.id}", data=hidden | {"action": "save"})
        before = await stored(parts, article.id)
        saved = await editor.post(f"/desk/knowledge/{article.id}", data=hidden | {"action": "save_anyway"})

        assert "test questions would no longer be answered as they should" in warned.text
        assert "Save anyway" in warned.text
        assert before.visibility == "public"
        assert saved.status_code == 303
        assert (await stored(parts, article.id)).visibility == "agents"

    async def test_archiving_what_answers_a_question_is_warned_of(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")
        await editor.post(PAGE, data={"question": QUESTION, "address": "refunds"})
        form = typed(title=QUESTION, body="Ten days.", version=1, status="published")

        warned = await editor.post(f"/desk/knowledge/{article.id}", data=form | {"action": "archive"})
        before = await stored(parts, article.id)
        await editor.post(f"/desk/knowledge/{article.id}", data=form | {"action": "archive_anyway"})

        assert "Not archived yet" in warned.text
        assert 'value="archive_anyway"' in warned.text
        assert before.status == "published"
        assert (await stored(parts, article.id)).status == "archived"

    async def test_bringing_back_a_text_that_breaks_a_question_is_warned_of(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts
    ) -> None:
        article = await write("Something else", slug="refunds", body="Nothing.")
        form = typed(title=QUESTION, body="Ten days.", version=1, status="published")
        await editor.post(f"/desk/knowledge/{article.id}", data=form)
        await editor.post(PAGE, data={"question": QUESTION, "address": "refunds"})

        seen = {"seen": 2, "status": "published"}
        warned = await editor.post(f"/desk/knowledge/{article.id}/versions/1/restore", data=seen)

        assert "test questions would no longer be answered as they should" in warned.text
        assert "Nothing.</textarea>" in warned.text
        assert 'value="save_anyway"' in warned.text
        assert (await stored(parts, article.id)).title == QUESTION


class TestApi:
    async def test_warns_of_what_an_article_gets_in_the_way_of(
        self, editor: httpx.AsyncClient, write: WriteArticle
    ) -> None:
        there = await write(QUESTION, slug="refunds", body="Ten days.")
        draft = await write(QUESTION, slug="again", body="Ten days.", published=False)

        warnings = (await editor.get(f"/api/v1/knowledge/articles/{draft.id}/warnings")).json()
        alone = (await editor.get(f"/api/v1/knowledge/articles/{there.id}/warnings")).json()

        assert [(one["article_id"], one["is_duplicate"]) for one in warnings["overlaps"]] == [(there.id, True)]
        assert alone == {"overlaps": [], "broken": []}

    async def test_adds_lists_and_removes(self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts) -> None:
        article = await write(QUESTION, slug="refunds", body="Ten days.")

        added = await editor.post(f"{API}/expectations", json={"question": QUESTION, "article_id": article.id})
        listed = (await editor.get(f"{API}/expectations")).json()
        wanted = await editor.post(f"{API}/regression-runs")
        await run_all(parts)
        runs = (await editor.get(f"{API}/regression-runs")).json()
        removed = await editor.delete(f"{API}/expectations/{added.json()['id']}")

        assert (added.status_code, added.json()["verdict"]) == (201, "answered")
        assert [one["article"]["id"] for one in listed] == [article.id]
        assert (wanted.status_code, runs[0]["passed"], runs[0]["cause"]) == (202, 1, "wanted")
        assert (removed.status_code, await kept(parts)) == (204, [])

    async def test_reads_a_table_row_by_row(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write(QUESTION, slug="refunds", body="Ten days.")

        report = await editor.post(f"{API}/expectations/import", json={"csv": "question,article\nx,refunds\ny,no\n"})
        unfit = await editor.post(f"{API}/expectations/import", json={"csv": "nothing"})

        assert report.json()["added"] == 1
        assert report.json()["refused"] == [{"file": "", "line": 3, "reason": "article_unknown", "detail": "no"}]
        assert (unfit.status_code, unfit.json()["error"]["code"]) == (422, "columns_missing")


ROUTES = (
    ("GET", PAGE),
    ("POST", PAGE),
    ("GET", f"{PAGE}/export"),
    ("POST", f"{PAGE}/run"),
    ("POST", f"{PAGE}/1/remove"),
    ("GET", f"{API}/expectations"),
    ("GET", f"{API}/expectations/export"),
    ("DELETE", f"{API}/expectations/1"),
    ("GET", f"{API}/regression-runs"),
    ("POST", f"{API}/regression-runs"),
)


class TestAccess:
    async def test_nobody_gets_in_without_signing_in(self, client: httpx.AsyncClient) -> None:
        for method, path in ROUTES:
            status = (await client.request(method, path)).status_code
            assert status == (303 if (method, path.startswith("/desk")) == ("GET", True) else 401), (method, path)

    async def test_who_only_handles_conversations_does_not(
        self, client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]]
    ) -> None:
        await sign_in(Role.agent)

        for method, path in ROUTES:
            assert (await client.request(method, path)).status_code == 403, (method, path)
