from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from core.errors import AppError, NotAllowed, NotAuthenticated
from knowledge_base.endpoints import create_router
from language.vectors import to_base64

ARTICLE = {"slug": "refund-rules", "language": "en", "title": "Refunds", "body": "All of it.", "questions": ["money?"]}


@pytest.fixture
async def client(work, open_knowledge):
    async def in_transaction():
        async with work.begin() as session:
            yield open_knowledge(session)

    async def only_reading():
        async with work.reading() as session:
            yield open_knowledge(session)

    async def program(request: Request) -> None:
        if request.headers.get("authorization") != "Bearer program":
            raise NotAuthenticated

    async def editor(request: Request) -> SimpleNamespace:
        who = request.headers.get("authorization")
        if who is None:
            raise NotAuthenticated
        if who != "Bearer editor":
            raise NotAllowed
        return SimpleNamespace(id=7, name="Sara")

    async def show(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": {"code": error.code}}, status_code=error.status_code)

    app = FastAPI()
    app.include_router(
        create_router(
            program=program,
            editor=editor,
            admin=editor,
            knowledge=in_transaction,
            reading=only_reading,
            people=lambda: {7: "Sara"},
        ),
        prefix="/api/v1",
    )
    app.add_exception_handler(AppError, show)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://app/api/v1/knowledge", headers={}
    ) as client:
        yield client


PROGRAM = {"authorization": "Bearer program"}
EDITOR = {"authorization": "Bearer editor"}


async def published(client: httpx.AsyncClient) -> int:
    created = await client.post("/articles", json=ARTICLE, headers=EDITOR)
    assert created.status_code == 201
    article_id: int = created.json()["id"]
    assert (await client.post(f"/articles/{article_id}/publish", headers=EDITOR)).json()["status"] == "published"
    return article_id


class TestAnswers:
    async def test_answers_in_the_agreed_shape(self, client, embedder):
        article_id = await published(client)
        body = {"question": "Money?", "language": "en", "vector": to_base64(embedder.questions(["Money?"])[0])}

        found = (await client.post("/answers", json=body, headers=PROGRAM)).json()

        assert found["band"] == "answer"
        assert found["confidence"] > 0.9
        assert found["answer"]["article_id"] == article_id
        assert found["answer"]["url"] == "/help/en/refund-rules"
        assert found["answer"]["text"] == "All of it."
        assert found["offers"] == []

    async def test_gives_the_answer_of_a_chosen_article(self, client):
        article_id = await published(client)

        answer = (await client.get(f"/articles/{article_id}/answer?language=fa", headers=PROGRAM)).json()

        assert answer["text"] == "All of it."
        assert answer["other_language"] is True

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"question": " "}, "question_blank"),
            ({"vector": "AAAA"}, "vector_unfit"),
            ({"vector": "é"}, "vector_unfit"),
        ],
    )
    async def test_refuses_what_it_cannot_read(self, client, change, code):
        response = await client.post("/answers", json={"question": "x", "language": "en", **change}, headers=PROGRAM)

        assert response.status_code == 422
        assert response.json()["error"]["code"] == code

    async def test_takes_a_question_of_any_length_up_to_the_bound(self, client):
        for length, status in ((100_000, 200), (100_001, 422)):
            body = {"question": "a " * (length // 2) + "a" * (length % 2), "language": "en"}
            assert (await client.post("/answers", json=body, headers=PROGRAM)).status_code == status


class TestArticles:
    async def test_the_second_of_two_saves_of_a_version_is_refused(self, client):
        article_id = await published(client)
        change = {"title": "New", "version": 1}

        first = await client.put(f"/articles/{article_id}", json=change, headers=EDITOR)
        second = await client.put(f"/articles/{article_id}", json=change, headers=EDITOR)

        assert (first.status_code, first.json()["version"]) == (200, 2)
        assert (second.status_code, second.json()["error"]["code"]) == (409, "article_changed")

    @pytest.mark.parametrize("status", ["draft", "in_review", "published", "archived"])
    @pytest.mark.parametrize("said", [{}, {"status": None}, {"status": "draft"}])
    async def test_saving_leaves_the_status_as_it_is(self, client, status, said):
        article_id = (await client.post("/articles", json=ARTICLE, headers=EDITOR)).json()["id"]
        moves = {"draft": [], "in_review": ["review"], "published": ["publish"], "archived": ["publish", "archive"]}
        for verb in moves[status]:
            await client.post(f"/articles/{article_id}/{verb}", headers=EDITOR)

        saved = await client.put(f"/articles/{article_id}", json={"title": "New", "version": 1, **said}, headers=EDITOR)
        stored = (await client.get(f"/articles/{article_id}", headers=EDITOR)).json()

        if status == "published" and said == {"status": "draft"}:
            assert (saved.status_code, saved.json()["error"]["code"]) == (409, "published_meanwhile")
            assert (stored["title"], stored["status"]) == ("Refunds", "published")
        else:
            assert (stored["title"], stored["status"]) == ("New", status)

    async def test_saving_leaves_a_planned_time_as_it_is(self, client):
        article_id = (await client.post("/articles", json=ARTICLE, headers=EDITOR)).json()["id"]
        await client.post(f"/articles/{article_id}/schedule", json={"at": "2030-01-01T08:00:00Z"}, headers=EDITOR)

        saved = await client.put(f"/articles/{article_id}", json={"title": "New", "version": 1}, headers=EDITOR)

        assert (saved.json()["status"], saved.json()["published_at"]) == ("draft", "2030-01-01T08:00:00Z")

    async def test_moves_to_another_address_that_is_free(self, client):
        article_id = await published(client)
        await client.post("/articles", json={**ARTICLE, "slug": "taken"}, headers=EDITOR)

        async def put(slug: str) -> httpx.Response:
            change = {"title": "New", "version": 1, "slug": slug}
            return await client.put(f"/articles/{article_id}", json=change, headers=EDITOR)

        assert (await put("taken")).json()["error"]["code"] == "address_taken"
        assert (await put("No Slug")).status_code == 422
        assert (await put("money-back")).json()["url"] == "/help/en/money-back"

    async def test_lists_in_an_order(self, client):
        for slug in ("b", "a", "c"):
            await client.post("/articles", json={**ARTICLE, "slug": slug, "title": slug}, headers=EDITOR)

        listed = (await client.get("/articles?order=title&descending=false", headers=EDITOR)).json()["articles"]

        assert [one["slug"] for one in listed] == ["a", "b", "c"]
        assert (await client.get("/articles?order=nonsense", headers=EDITOR)).status_code == 422

    async def test_lists_what_fits(self, client):
        await published(client)

        async def listed(query: str) -> int:
            return (await client.get(f"/articles?{query}", headers=EDITOR)).json()["total"]

        assert await listed("") == await listed("q=money") == await listed("status=published&language=en") == 1
        assert await listed("q=elephant") == await listed("status=draft") == await listed("category=none") == 0

    async def test_lists_what_is_old_unused_and_of_somebody(self, client, clock):
        await published(client)
        clock.advance(timedelta(days=100))

        async def listed(query: str) -> int:
            return (await client.get(f"/articles?{query}", headers=EDITOR)).json()["total"]

        later, before = f"{clock.now():%Y-%m-%d}", "2020-01-01"
        for name in ("untouched_since", "unused_since"):
            assert (await listed(f"{name}={later}"), await listed(f"{name}={before}")) == (1, 0)
        assert (await listed("owner=7"), await listed("owner=8"), await listed("owner=0")) == (1, 0, 0)

    async def test_lists_what_helped_few_and_nothing_that_nobody_spoke_of(self, client, work, open_knowledge):
        await published(client)

        async def listed() -> int:
            return (await client.get("/articles?helped_less_than=0.5", headers=EDITOR)).json()["total"]

        before = await listed()
        async with work.begin() as session:
            await open_knowledge(session).vote("refund-rules", "en", reader="r", helpful=False)

        assert (before, await listed()) == (0, 1)

    @pytest.mark.parametrize("query", ["owner=-1", "owner=2147483648", "helped_less_than=nan", "unused_since=soon"])
    async def test_refuses_a_filter_that_means_nothing(self, client, query):
        assert (await client.get(f"/articles?{query}", headers=EDITOR)).status_code == 422

    async def test_shows_versions(self, client):
        article_id = await published(client)

        (version,) = (await client.get(f"/articles/{article_id}/versions", headers=EDITOR)).json()

        assert (version["saved_by"], version["questions"]) == ("Sara", ["money?"])

    async def test_shows_what_a_version_was_besides_its_text(self, client):
        article_id = await published(client)
        change = {"title": "New", "version": 1, "visibility": "agents", "slug": "moved", "review_due_on": "2030-01-01"}
        await client.put(f"/articles/{article_id}", json=change, headers=EDITOR)

        versions = (await client.get(f"/articles/{article_id}/versions", headers=EDITOR)).json()

        kept = [[one[name] for name in ("slug", "visibility", "review_due_on", "category")] for one in versions]
        assert kept == [["moved", "agents", "2030-01-01", None], ["refund-rules", "public", None, None]]

    @pytest.mark.parametrize("day", ["9999-12-31", "1405-05-02", "0001-01-01"])
    async def test_refuses_a_day_that_not_every_calendar_can_write(self, client, day):
        article_id = await published(client)
        change = {"title": "New", "version": 1, "review_due_on": day}

        response = await client.put(f"/articles/{article_id}", json=change, headers=EDITOR)

        assert response.status_code == 422

    async def test_shows_who_brought_it_to_which_status(self, client):
        article_id = await published(client)
        for verb in ("publish", "archive", "draft"):
            await client.post(f"/articles/{article_id}/{verb}", headers=EDITOR)

        moves = (await client.get(f"/articles/{article_id}/moves", headers=EDITOR)).json()

        assert [(one["status"], one["moved_by"]) for one in moves] == [
            ("draft", "Sara"),
            ("archived", "Sara"),
            ("published", "Sara"),
        ]

    async def test_who_does_not_know_of_visibility_shows_nobody_more(self, client):
        created = await client.post("/articles", json={**ARTICLE, "visibility": "agents"}, headers=EDITOR)
        article_id = created.json()["id"]

        saved = await client.put(f"/articles/{article_id}", json={"title": "New", "version": 1}, headers=EDITOR)

        assert saved.json()["visibility"] == "agents"

    async def test_goes_through_review_and_is_published_later(self, client):
        article_id = (await client.post("/articles", json=ARTICLE, headers=EDITOR)).json()["id"]

        review = await client.post(f"/articles/{article_id}/review", headers=EDITOR)
        planned = await client.post(
            f"/articles/{article_id}/schedule", json={"at": "2026-11-24T08:00:00+03:30"}, headers=EDITOR
        )

        assert review.json()["status"] == planned.json()["status"] == "in_review"
        assert planned.json()["published_at"] == "2026-11-24T04:30:00Z"

    @pytest.mark.parametrize(
        ("at", "code"),
        [
            ("2020-01-01T00:00:00Z", "time_unfit"),
            ("9999-12-31T23:59:00-12:00", "time_unfit"),
            ("2030-01-01T00:00:00", None),
            ("soon", None),
        ],
    )
    async def test_refuses_a_time_that_is_over_or_none(self, client, at, code):
        article_id = (await client.post("/articles", json=ARTICLE, headers=EDITOR)).json()["id"]

        response = await client.post(f"/articles/{article_id}/schedule", json={"at": at}, headers=EDITOR)

        assert response.status_code == 422
        assert response.json().get("error", {}).get("code") == code

    async def test_what_is_published_cannot_be_scheduled_or_sent_to_review(self, client):
        article_id = await published(client)

        for verb in ("schedule", "review", "draft"):
            response = await client.post(
                f"/articles/{article_id}/{verb}", json={"at": "2030-01-01T00:00:00Z"}, headers=EDITOR
            )
            assert (response.status_code, response.json()["error"]["code"]) == (409, "status_change_refused")

    async def test_keeps_hostile_text_as_it_was_written(self, client):
        body = "<script>alert(1)</script> \u202e [x](javascript:1)"
        created = await client.post("/articles", json={**ARTICLE, "body": body}, headers=EDITOR)

        assert created.json()["body"] == body

    @pytest.mark.parametrize(
        "change", [{"slug": "No Slug"}, {"title": ""}, {"language": "de"}, {"body": "x" * 200_001}]
    )
    async def test_refuses_a_malformed_article(self, client, change):
        assert (await client.post("/articles", json={**ARTICLE, **change}, headers=EDITOR)).status_code == 422


class TestUsage:
    async def test_tells_what_became_of_an_article_and_what_readers_said(self, client, work, open_knowledge):
        article_id = await published(client)
        await client.post("/answers", json={"question": "Refunds", "language": "en"}, headers=PROGRAM)
        await client.post(f"/articles/{article_id}/answer", json={"language": "en"}, headers=PROGRAM)
        async with work.begin() as session:
            await open_knowledge(session).vote("refund-rules", "en", reader="r1", helpful=False)

        told = await client.get(f"/articles/{article_id}/usage", headers=EDITOR)

        assert told.json() == {"shown": 1, "chosen": 1, "led_to_handoff": 0, "helpful": 0, "unhelpful": 1}

    async def test_of_a_new_article_is_nothing(self, client):
        created = (await client.post("/articles", json=ARTICLE, headers=EDITOR)).json()

        told = await client.get(f"/articles/{created['id']}/usage", headers=EDITOR)

        assert set(told.json().values()) == {0}
        assert (await client.get("/articles/99/usage", headers=EDITOR)).status_code == 404


class TestGaps:
    async def test_the_rest_of_a_long_list_is_reached_by_the_offset(self, client):
        for question in ("parking?", "cats?", "dogs?"):
            await client.post("/answers", json={"question": question, "language": "en"}, headers=PROGRAM)

        pages = [
            (await client.get("/gaps", params={"limit": 2, "offset": offset}, headers=EDITOR)).json()
            for offset in (0, 2, 4)
        ]
        before_the_first = await client.get("/gaps?offset=-1", headers=EDITOR)

        assert [[gap["question"] for gap in page] for page in pages] == [["dogs?", "cats?"], ["parking?"], []]
        assert before_the_first.status_code == 422


class TestIds:
    @pytest.mark.parametrize("one", [0, 2**31])
    async def test_one_that_no_row_can_have_is_refused(self, client, one):
        article = f"/articles/{one}"
        answers = [
            await client.get(f"{article}/answer?language=en", headers=PROGRAM),
            *[await client.get(path, headers=EDITOR) for path in (article, f"{article}/versions")],
            await client.put(article, json={"title": "x", "version": 1}, headers=EDITOR),
            await client.post(f"{article}/schedule", json={"at": "2030-01-01T08:00:00Z"}, headers=EDITOR),
            *[
                await client.post(f"{article}/{verb}", headers=EDITOR)
                for verb in ("publish", "review", "draft", "archive")
            ],
            await client.patch(f"/gaps/{one}", json={"state": "dismissed"}, headers=EDITOR),
        ]

        assert {answer.status_code for answer in answers} == {422}


class TestAccess:
    async def test_every_route_refuses_strangers_and_the_wrong_role(self, client):
        routes = [
            *(("POST", "/answers", {"question": "x", "language": "en"}, PROGRAM),),
            ("POST", "/doubts", {"conversation_id": "c"}, PROGRAM),
            *(("GET", "/articles/1/answer?language=en", None, PROGRAM),),
            *(("GET", path, None, EDITOR) for path in ("/articles", "/articles/1", "/articles/1/versions")),
            ("GET", "/articles/1/usage", None, EDITOR),
            *(("GET", f"/articles/1/{part}", None, EDITOR) for part in ("warnings", "moves")),
            *(("GET", path, None, EDITOR) for path in ("/categories", "/gaps")),
            *(("POST", f"/articles/1/{verb}", None, EDITOR) for verb in ("publish", "archive", "review", "draft")),
            ("POST", "/articles/1/schedule", {"at": "2030-01-01T08:00:00Z"}, EDITOR),
            ("POST", "/articles", ARTICLE, EDITOR),
            ("PUT", "/articles/1", {"title": "x", "version": 1}, EDITOR),
            ("PATCH", "/gaps/1", {"state": "dismissed"}, EDITOR),
        ]
        for method, path, body, right in routes:
            wrong = EDITOR if right is PROGRAM else PROGRAM
            assert (await client.request(method, path, json=body)).status_code == 401, path
            assert (await client.request(method, path, json=body, headers=wrong)).status_code in (401, 403), path
            assert (await client.request(method, path, json=body, headers=right)).status_code in (200, 201, 204, 404), (
                path
            )
