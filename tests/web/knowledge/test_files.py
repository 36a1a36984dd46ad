"""Articles from files and into files."""

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from crm.enums import Role
from crm.models import Agent
from knowledge_base.enums import Reason
from knowledge_base.import_files import COLUMNS
from knowledge_base.importing import Importing
from knowledge_base.models import Article, Category
from tests.web.knowledge.conftest import WriteArticle
from web.knowledge import files, words
from web.parts import Parts
from web.protection import MAX_FILE_BODY_BYTES

PAGE = "/desk/knowledge/files"
API = "/api/v1/knowledge"
TABLE = (
    "slug,language,title,body,status\n"
    "refunds,en,Refunds,Ten days.,published\n"
    'parking,en,"<script>alert(1)</script>",Behind the house.,\n'
    "Bad Slug,en,Bad,,\n"
)


async def at(parts: Parts, slug: str) -> Article | None:
    async with parts.work.reading() as session:
        return await parts.open_knowledge(session).articles.by_address(slug, "en")


def folder_of(categories: str) -> bytes:
    """A zip with a list of categories alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("categories.yml", categories)
    return out.getvalue()


async def run_all(parts: Parts) -> None:
    importing = Importing(parts.work, open_service=parts.open_knowledge, clock=parts.clock)
    for one in await importing.due():
        await importing.run(one)


class TestImport:
    async def test_shows_what_would_change_and_changes_it_when_told(
        self, editor: httpx.AsyncClient, parts: Parts
    ) -> None:
        checked = await editor.post(PAGE, files={"file": ("kb.csv", TABLE.encode())})
        address = checked.headers["location"]
        dry = (await editor.get(address)).text
        before = await at(parts, "refunds")
        await editor.post(f"{address}/begin")
        under_way = (await editor.get(address)).text
        await run_all(parts)
        after = (await editor.get(address)).text

        assert "Nothing is changed yet." in dry
        assert re.search(r"New articles: <b[^>]*>2<", dry)
        assert "line 4" in dry
        assert "<script>alert" not in dry
        assert before is None
        assert "<progress" in under_way
        assert "Done" in after
        article = await at(parts, "refunds")
        assert article
        assert f'href="/desk/knowledge/{article.id}"' in after
        assert 'href="/desk/knowledge/1"' not in dry

    async def test_shows_what_an_article_is_and_would_be(
        self, editor: httpx.AsyncClient, parts: Parts, write: WriteArticle
    ) -> None:
        await write("Refunds", slug="refunds", body="Five days.\n\nBy card.")
        table = 'slug,language,title,body,status\nrefunds,en,Refunds,"<b>Ten</b> days.\n\nBy card.",archived\n'
        address = (await editor.post(PAGE, files={"file": ("kb.csv", table.encode())})).headers["location"]
        found = re.search(rf'href="({address}/rows/\d+)"', (await editor.get(address)).text)
        assert found
        page = (await editor.get(found[1])).text

        await editor.post(f"{address}/begin")
        await run_all(parts)

        assert re.search(r"<del>Five days\.</del>.*<ins>&lt;b&gt;Ten&lt;/b&gt; days\.</ins>", page, re.DOTALL)
        assert "<del>By card" not in page
        assert "Archived" in page
        assert (await editor.get(found[1])).status_code == 404
        assert found[1] not in (await editor.get(address)).text

    async def test_shows_what_the_categories_are_and_would_be(
        self, editor: httpx.AsyncClient, parts: Parts, category: Category
    ) -> None:
        listed = "- {slug: payments, name_fa: پول, name_en: <Money>, position: 7}"
        checked = await editor.post(PAGE, files={"file": ("kb.zip", folder_of(listed))})
        dry = (await editor.get(checked.headers["location"])).text
        told = (await editor.get(f"{API}/imports/{checked.headers['location'].rpartition('/')[2]}")).json()
        await editor.post(f"{checked.headers['location']}/begin")
        await run_all(parts)

        again = await editor.post(PAGE, files={"file": ("kb.zip", folder_of(listed))})
        unchanged = (await editor.get(again.headers["location"])).text

        assert re.search("پرداخت.*Payments.*place 0.*پول.*&lt;Money&gt;.*place 7", dry, re.DOTALL)
        assert "/begin" in dry
        names = {"name_fa": "پرداخت", "name_en": "Payments", "position": 0}
        assert told["categories"] == [
            {"slug": "payments", "name_fa": "پول", "name_en": "<Money>", "position": 7, "before": names}
        ]
        assert "There is nothing to change." in unchanged
        assert "/begin" not in unchanged
        assert "place 7" not in unchanged

    async def test_says_how_much_it_does_not_show_and_gives_all_of_it(
        self, editor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "ROWS_SHOWN", 2)
        table = "slug,language,title\n" + "Bad Slug,en,=Bad\n" * 5 + "a,en,A\nb,en,B\n"
        address = (await editor.post(PAGE, files={"file": ("kb.csv", table.encode())})).headers["location"]

        page = (await editor.get(address)).text
        everything = await editor.get(f"{address}/rows.csv")

        assert page.count("And 3 more") == page.count("more; the table") == 1
        rows = list(csv.DictReader(io.StringIO(everything.content.decode("utf-8-sig"))))
        assert [row["change"] for row in rows] == ["refused"] * 5 + ["new"] * 2
        assert (rows[4]["line"], rows[4]["reason"]) == ("6", "A field has a value that does not fit.")
        assert "attachment" in everything.headers["content-disposition"]

    async def test_a_second_press_is_no_second_import(self, editor: httpx.AsyncClient, parts: Parts) -> None:
        address = (await editor.post(PAGE, files={"file": ("kb.csv", TABLE.encode())})).headers["location"]

        for _ in range(2):
            assert (await editor.post(f"{address}/begin")).status_code == 303

    async def test_a_file_that_cannot_be_used_is_refused_with_the_reason(self, editor: httpx.AsyncClient) -> None:
        response = await editor.post(PAGE, files={"file": ("a.zip", b"\x00\x01")})

        assert response.status_code == 422
        assert "This zip cannot be read" in response.text

    async def test_a_file_of_a_hundred_megabytes_is_refused_with_the_reason(self, editor: httpx.AsyncClient) -> None:
        response = await editor.post(PAGE, files={"file": ("a.zip", b"\0" * (MAX_FILE_BODY_BYTES + 1))})

        assert response.status_code == 413
        assert "at most 20 MB" in response.text


# Files that are refused for each of what may be wrong with a field, with what the page says of it.
UNFIT = "slug,language,title,status,reviewed,published_at,category,summary,visibility,questions\n"
WRONG = {
    "a b,en,T,,,,,,,": ("slug", "فقط حروف کوچک لاتین"),
    "a,de,T,,,,,,,": ("language", "بنویسید fa یا en"),
    "a,en,,,,,,,,": ("title", "عنوان باید ۱ تا ۳۰۰"),
    "a,en,T,nearly,,,,,,": ("status", "بنویسید draft یا in_review"),
    "a,en,T,,tomorrow,,,,,": ("reviewed", "روز را به تاریخ میلادی و به شکل YYYY-MM-DD"),
    "a,en,T,,,2026-11-30T09:00,,,,": ("published_at", "زمان را به تاریخ میلادی و با اختلاف ساعت"),
    f"a,en,T,,,,,{'x' * 1001},,": ("summary", "خلاصه می‌تواند حداکثر"),
    "a,en,T,,,,,,all,": ("visibility", "بنویسید public یا agents"),
    f"a,en,T,,,,,,,{'x' * 501}": ("questions", "حداکثر ۲۰۰ پرسش"),
}
ENGLISH = re.compile(r"should|required|Input|invalid|String|valid ", re.IGNORECASE)


class TestRefusals:
    @pytest.mark.parametrize(("row", "said"), list(WRONG.items()), ids=[field for field, _ in WRONG.values()])
    async def test_tell_field_line_and_reason_in_the_readers_language(
        self, editor: httpx.AsyncClient, row: str, said: tuple[str, str]
    ) -> None:
        editor.headers["accept-language"] = "fa"
        checked = await editor.post(PAGE, files={"file": ("kb.csv", (UNFIT + row).encode())})
        refusal = refusals((await editor.get(checked.headers["location"])).text)

        assert "سطر ۲" in refusal
        assert f'<bdi dir="ltr">{said[0]}</bdi>: {said[1]}' in refusal
        assert not ENGLISH.search(refusal)

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("a.md", "no front matter", "میان دو سطر ---"),
            ("a.md", "---\ntitle: [\n---\n", "به‌شکل YAML خوانده نمی‌شود"),
            ("a.md", "---\ntitle: T\nlanguage: fa\n---\n", 'یکی از مقدارها نوشته نشده است. <bdi dir="ltr">slug</bdi>'),
            ("a.csv", "slug,language,title\na,en,T\nb,en,<i>\nb,en,T\n", "a.csv:3"),
        ],
    )
    async def test_of_other_kinds_keep_what_is_technical_to_themselves(
        self, editor: httpx.AsyncClient, name: str, text: str, said: str
    ) -> None:
        editor.headers["accept-language"] = "fa"
        checked = await editor.post(PAGE, files={"file": (name, text.encode())})
        refusal = refusals((await editor.get(checked.headers["location"])).text)

        assert said in refusal
        assert not re.search("expected|while parsing|Field|flow", refusal)

    async def test_of_a_whole_file_are_in_the_readers_language(self, editor: httpx.AsyncClient) -> None:
        editor.headers["accept-language"] = "fa"
        page = (await editor.post(PAGE, files={"file": ("a.zip", b"PK\x03\x04 broken")})).text

        assert "این فایل زیپ" in page
        assert "not a zip file" not in page

    def test_there_is_a_rule_for_every_field_of_a_file(self) -> None:
        assert set(words.FIELD_RULES) == set(COLUMNS)
        assert set(words.REASONS) == set(Reason)


def refusals(page: str) -> str:
    """What stands on a page of what was refused."""
    found = re.search(r'<ul class="plain-list small refusals">.*?</ul>', page, re.DOTALL)
    assert found
    return found[0]


class TestExport:
    async def test_a_folder_and_a_table(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Refunds", slug="refunds", body="Ten days.")

        folder = await editor.get(f"{PAGE}/articles.zip")
        table = await editor.get(f"{PAGE}/articles.csv")

        with zipfile.ZipFile(io.BytesIO(folder.content)) as archive:
            tables = ["gaps.csv", "moves.csv", "usage.csv", "versions.csv"]
            assert sorted(archive.namelist()) == sorted(["categories.yml", "other/refunds.en.md", *tables])
        assert "attachment" in folder.headers["content-disposition"]
        assert "Ten days." in table.text

    async def test_says_by_name_who_looks_after_an_article(
        self, editor: httpx.AsyncClient, write: WriteArticle, parts: Parts, make_agent: Callable[..., Awaitable[Agent]]
    ) -> None:
        article, zahra = await write("Refunds", slug="refunds"), await make_agent("Zahra", Role.editor)
        async with parts.work.begin() as session:
            await parts.open_knowledge(session).give_to(article.id, zahra.id)

        for address in (f"{PAGE}/articles.zip", f"{API}/export.zip"):
            with zipfile.ZipFile(io.BytesIO((await editor.get(address)).content)) as archive:
                usage = list(csv.DictReader(io.StringIO(archive.read("usage.csv").decode("utf-8-sig"))))
            assert [row["owner"] for row in usage] == ["Zahra"]


class TestApi:
    async def test_looks_through_begins_and_tells_how_far_it_is(self, editor: httpx.AsyncClient, parts: Parts) -> None:
        checked = (await editor.post(f"{API}/imports", files={"file": ("kb.csv", TABLE.encode())})).json()
        begun = await editor.post(f"{API}/imports/{checked['id']}/begin")
        again = await editor.post(f"{API}/imports/{checked['id']}/begin")
        await run_all(parts)
        done = (await editor.get(f"{API}/imports/{checked['id']}")).json()

        assert (checked["state"], checked["counts"]) == ("checked", {"new": 2, "refused": 1})
        assert (begun.status_code, again.status_code) == (202, 409)
        assert (done["state"], done["done"], done["total"]) == ("done", 3, 3)

    async def test_gives_all_rows_page_by_page(self, editor: httpx.AsyncClient) -> None:
        table = "slug,language,title\n" + "".join(f"a-{number},en,A\n" for number in range(5)) + "Bad Slug,en,B\n"
        checked = (await editor.post(f"{API}/imports", files={"file": ("kb.csv", table.encode())})).json()
        address = f"{API}/imports/{checked['id']}/rows"

        page = (await editor.get(address, params={"change": "new", "limit": 2, "offset": 2})).json()
        refused = (await editor.get(address, params={"change": "refused"})).json()

        assert [row["slug"] for row in page] == ["a-2", "a-3"]
        assert [(row["line"], row["reason"]) for row in refused] == [(7, "field_unfit")]
        assert (await editor.get(f"{API}/imports/999/rows")).status_code == 404

    async def test_refuses_with_the_reason(self, editor: httpx.AsyncClient) -> None:
        response = await editor.post(f"{API}/imports", files={"file": ("a.exe", b"MZ")})

        assert (response.status_code, response.json()["error"]["code"]) == (422, "kind_unknown")
        assert "a.exe" in response.json()["error"]["message"]

    async def test_exports(self, editor: httpx.AsyncClient, write: WriteArticle) -> None:
        await write("Refunds", slug="refunds", body="Ten days.")

        assert (await editor.get(f"{API}/export.zip")).content.startswith(b"PK")
        assert "Ten days." in (await editor.get(f"{API}/export.csv")).text


ROUTES = (
    ("GET", PAGE),
    ("GET", f"{PAGE}/1"),
    ("GET", f"{PAGE}/1/rows/1"),
    ("GET", f"{PAGE}/1/rows.csv"),
    ("GET", f"{API}/imports/1/rows"),
    ("GET", f"{PAGE}/articles.zip"),
    ("GET", f"{PAGE}/articles.csv"),
    ("POST", f"{PAGE}/1/begin"),
    ("GET", f"{API}/imports/1"),
    ("POST", f"{API}/imports/1/begin"),
    ("GET", f"{API}/export.zip"),
    ("GET", f"{API}/export.csv"),
)


class TestAccess:
    @pytest.mark.parametrize("path", [PAGE, f"{API}/imports", "/desk/knowledge/regression/import"])
    async def test_nothing_is_read_of_somebody_who_may_not_send_a_file(
        self, client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]], path: str
    ) -> None:
        read = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield bytes(100_000)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        unknown = await client.post(path, content=body(), headers=headers)
        await sign_in(Role.agent)
        agent = await client.post(path, content=body(), headers=headers)

        assert (unknown.status_code, agent.status_code, read) == (401, 403, 0)

    async def test_a_form_without_a_file_is_refused(self, editor: httpx.AsyncClient) -> None:
        for fields in ({}, {"file": "no file"}, {"publish_new": "perhaps"}):
            assert (await editor.post(f"{API}/imports", data=fields)).status_code == 422

    async def test_nobody_gets_in_without_signing_in(self, client: httpx.AsyncClient) -> None:
        for method, path in ROUTES:
            status = (await client.request(method, path)).status_code
            assert status == (303 if (method, path.startswith("/desk")) == ("GET", True) else 401), (method, path)
        assert (await client.post(f"{API}/imports", files={"file": ("a.csv", b"")})).status_code == 401

    async def test_who_only_handles_conversations_does_not(
        self, client: httpx.AsyncClient, sign_in: Callable[[Role], Awaitable[Agent]]
    ) -> None:
        await sign_in(Role.agent)

        for method, path in ROUTES:
            assert (await client.request(method, path)).status_code == 403, (method, path)
        assert (await client.post(PAGE, files={"file": ("a.csv", b"")})).status_code == 403
