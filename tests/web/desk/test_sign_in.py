"""The desk's door."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from crm.agents.auth import SESSION_COOKIE
from crm.enums import Role
from crm.models import Agent
from web.desk.sign_in import local_path

MakeAgent = Callable[..., Awaitable[Agent]]
SignIn = Callable[[Role], Awaitable[Agent]]


def typed(agent: Agent, **more: str) -> dict[str, str]:
    return {"email": agent.email, "password": agent.email, **more}


class TestSignIn:
    async def test_opens_the_inbox_in_the_persons_language(
        self, client: httpx.AsyncClient, make_agent: MakeAgent
    ) -> None:
        agent = await make_agent()

        response = await client.post("/desk/sign-in", data=typed(agent))

        assert (response.status_code, response.headers["location"]) == (303, "/desk")
        page = await client.get("/desk")
        assert page.status_code == 200
        assert '<html lang="fa" dir="rtl">' in page.text
        assert "در صف" in page.text

    async def test_keeps_the_session_from_scripts_and_other_sites(
        self, client: httpx.AsyncClient, make_agent: MakeAgent
    ) -> None:
        response = await client.post("/desk/sign-in", data=typed(await make_agent()))

        cookies = response.headers.get_list("set-cookie")
        session = next(cookie for cookie in cookies if cookie.startswith(SESSION_COOKIE))
        assert "httponly" in session.lower()
        assert "samesite=lax" in session.lower()

    async def test_goes_on_to_where_the_person_wanted_to_go(
        self, client: httpx.AsyncClient, make_agent: MakeAgent
    ) -> None:
        response = await client.post("/desk/sign-in", data=typed(await make_agent(), next="/desk/tickets"))

        assert response.headers["location"] == "/desk/tickets"

    @pytest.mark.parametrize(
        ("referer", "back"),
        [
            ("/desk/knowledge/new?translate=3", "/desk/knowledge/new%3Ftranslate%3D3"),
            ("https://evil.example/desk/people", "/desk/knowledge/new"),
            ("", "/desk/knowledge/new"),
        ],
    )
    async def test_leads_back_to_the_page_of_a_form_that_was_sent_too_late(
        self, client: httpx.AsyncClient, referer: str, back: str
    ) -> None:
        sent_from = str(client.base_url.join(referer)) if referer else ""

        response = await client.post("/desk/knowledge/new", data={"title": "T"}, headers={"referer": sent_from})

        assert response.status_code == 401
        assert f'href="/desk/sign-in?next={back}"' in response.text

    async def test_leads_back_to_the_very_page_that_was_asked_for(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/desk/tickets?status=all&page=2")

        assert response.status_code == 303
        assert response.headers["location"] == "/desk/sign-in?next=/desk/tickets%3Fstatus%3Dall%26page%3D2"

    @pytest.mark.parametrize(
        ("kind", "back"),
        [
            ("full", "/desk/conversations/7%3Ftab%3Dmine%26lang%3Den"),
            ("partial", "/desk/tickets%3Fstatus%3Dall"),
            ("", "/desk/conv"),
        ],
    )
    async def test_a_part_of_a_page_is_none_to_those_whose_session_has_ended(
        self, client: httpx.AsyncClient, kind: str, back: str
    ) -> None:
        headers = {"hx-request": "true", "hx-request-type": kind, "referer": "http://test/desk/tickets?status=all"}

        response = await client.get("/desk/conversations/7?tab=mine&lang=en", headers=headers)

        assert response.status_code == 401
        assert response.headers["hx-redirect"].startswith(f"/desk/sign-in?next={back}")
        assert '<hx-partial hx-target="#notices"' in response.text
        assert 'href="/desk/sign-in?next=/desk/tickets%3Fstatus%3Dall">Sign in</a>' in response.text
        assert "<html" not in response.text

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "evil.example", "/\tx", "/a\\b", ""]
    )
    async def test_never_sends_anybody_to_another_site(
        self, client: httpx.AsyncClient, make_agent: MakeAgent, elsewhere: str
    ) -> None:
        response = await client.post("/desk/sign-in", data=typed(await make_agent(), next=elsewhere))

        assert response.headers["location"] == "/desk"

    async def test_takes_editors_to_the_knowledge_base(self, client: httpx.AsyncClient, make_agent: MakeAgent) -> None:
        response = await client.post("/desk/sign-in", data=typed(await make_agent(role=Role.editor)))

        assert response.headers["location"] == "/desk/knowledge"

    async def test_takes_editors_there_too_who_asked_for_the_desk(
        self, client: httpx.AsyncClient, make_agent: MakeAgent
    ) -> None:
        editor = await make_agent(role=Role.editor)

        signed_in = await client.post("/desk/sign-in", data=typed(editor, next="/desk"))
        once_more = await client.get("/desk/sign-in?next=/desk")

        assert [one.headers["location"] for one in (signed_in, once_more)] == ["/desk/knowledge"] * 2

    async def test_says_in_words_that_the_password_is_wrong_and_keeps_the_address(
        self, client: httpx.AsyncClient, make_agent: MakeAgent
    ) -> None:
        agent = await make_agent()

        response = await client.post("/desk/sign-in?lang=en", data=typed(agent) | {"password": "wrong"})

        assert response.status_code == 401
        assert "The e-mail address or the password is wrong." in response.text
        assert f'value="{agent.email}"' in response.text
        assert SESSION_COOKIE not in response.headers.get("set-cookie", "")

    async def test_refuses_after_too_many_tries(self, client: httpx.AsyncClient, make_agent: MakeAgent) -> None:
        agent = await make_agent()
        for _ in range(3):
            await client.post("/desk/sign-in", data=typed(agent) | {"password": "wrong"})

        response = await client.post("/desk/sign-in?lang=en", data=typed(agent))

        assert response.status_code == 429
        assert int(response.headers["retry-after"]) >= 1
        assert "Too many tries" in response.text


class TestSignOut:
    async def test_ends_the_session_on_the_server_too(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        await sign_in(Role.agent)
        token = client.cookies[SESSION_COOKIE]

        await client.post("/desk/sign-out")

        client.cookies.set(SESSION_COOKIE, token)
        response = await client.get("/desk")
        assert response.headers["location"].startswith("/desk/sign-in")


class TestChooseLanguage:
    async def test_changes_the_pages_and_is_remembered_with_the_account(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        agent = await sign_in(Role.agent)

        response = await client.post(
            "/desk/language", data={"language": "en"}, headers={"referer": "http://test/desk/tickets?status=all"}
        )

        assert response.headers["location"] == "/desk/tickets?status=all"
        assert '<html lang="en" dir="ltr">' in (await client.get("/desk")).text
        client.cookies.clear()
        await client.post("/desk/sign-in", data=typed(agent))
        assert '<html lang="en" dir="ltr">' in (await client.get("/desk")).text

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("/desk/tickets?status=all&q=%D8%A7%20b&page=2", "/desk/tickets?status=all&q=%D8%A7+b&page=2"),
            ("/desk?tab=open&lang=fa", "/desk?tab=open"),
            ("/desk?lang=fa", "/desk"),
            ("/desk/sign-in?next=/desk/tickets", "/desk/sign-in?next=%2Fdesk%2Ftickets"),
        ],
    )
    async def test_stays_at_what_the_page_shows(self, client: httpx.AsyncClient, before: str, after: str) -> None:
        response = await client.post(
            "/desk/language", data={"language": "en"}, headers={"referer": f"http://test{before}"}
        )

        assert response.headers["location"] == after

    async def test_does_not_follow_a_foreign_referer(self, client: httpx.AsyncClient) -> None:
        response = await client.post(
            "/desk/language", data={"language": "en"}, headers={"referer": "http://evil.example/x"}
        )

        assert response.headers["location"] == "/desk/sign-in"


class TestLocalPath:
    def test_keeps_paths_of_this_site(self) -> None:
        assert local_path("/desk/conversations/1?tab=mine") == "/desk/conversations/1?tab=mine"
