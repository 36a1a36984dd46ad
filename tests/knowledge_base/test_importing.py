"""Articles that come in from files and go out into them."""

import csv
import io
import zipfile
from datetime import date, timedelta

import pytest
from rich.console import Console

from core.database import NoConnectionLeft
from knowledge_base import import_files, importing
from knowledge_base.csv_files import ImportRefused
from knowledge_base.enums import ArticleStatus, Change, ImportState, Reason, Visibility
from knowledge_base.exchange import Exchange
from knowledge_base.import_files import MAX_IMPORT_BYTES, MAX_UNPACKED_BYTES, read_file, take_up
from knowledge_base.importing import ArticleImports, ImportBegun, Importing, check_file
from knowledge_base.render import to_html
from knowledge_base.repository import ImportRepository
from knowledge_base.service import as_draft

PARKING = """---
title: Where to park
slug: parking
language: en
questions:
  - is there a parking lot?
status: published
---
Park behind the house.
"""

# The category of the tests as it is, without its place.
REFUNDS = "- {slug: refunds, name_fa: بازگشت وجه, name_en: Refunds}"


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without(content: bytes, record: str) -> dict[str, bytes] | bytes:
    """What a zip holds besides one of its tables; what is no zip, as it is."""
    if not content.startswith(b"PK"):
        return content
    return {name: one for name, one in members(content).items() if name != record}


def table_in(content: bytes, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(members(content)[name].decode("utf-8-sig"), newline="")))


@pytest.fixture
def check(work, open_knowledge):
    """Looks through a file and keeps what it would change."""

    async def check(content, name="kb.zip", *, publish_new=False):
        content = content.encode() if isinstance(content, str) else content
        async with work.reading() as reading, work.begin() as session:
            checked = await check_file(open_knowledge(reading), content, name=name, publish_new=publish_new)
            return await ArticleImports(open_knowledge(session)).keep(checked, by="Sara")

    return check


@pytest.fixture
def bring(work, open_knowledge, clock, check):
    """Imports a file and gives its rows by what became of them."""

    async def bring(content, name="kb.zip", **options):
        kept = await check(content, name, **options)
        async with work.begin() as session:
            await ArticleImports(open_knowledge(session)).begin(kept.id)
        importing = Importing(work, open_service=open_knowledge, clock=clock)
        for one in await importing.due():
            await importing.run(one)
        return await rows(work, kept.id)

    return bring


async def rows(work, import_id):
    async with work.reading() as session:
        imports = ImportRepository(session)
        return {change: list(await imports.rows(import_id, change, limit=99)) for change in Change}


@pytest.fixture
def at(work, open_knowledge):
    async def at(slug, language="en"):
        async with work.reading() as session:
            return await open_knowledge(session).articles.by_address(slug, language)

    return at


@pytest.fixture
def export(work, open_knowledge):
    async def export(name):
        async with work.reading() as session:
            return await getattr(ArticleImports(open_knowledge(session)), name)()

    return export


class TestImport:
    async def test_a_dry_run_changes_nothing_and_says_what_would_be(self, make_article, check, work, at):
        await make_article("parking", title="Parking", body="Park behind the house.")
        other = PARKING.replace("slug: parking", "slug: trains")

        kept = await check(zipped(a__md=PARKING, b__md=other))
        found = await rows(work, kept.id)

        assert [(one.slug, one.fields) for one in found[Change.changed]] == [("parking", ["title", "questions"])]
        assert [one.slug for one in found[Change.new]] == ["trains"]
        assert (await at("parking")).title == "Parking"
        assert await at("trains") is None

    async def test_a_second_import_changes_nothing(self, bring, at, live):
        first = await bring(zipped(a__md=PARKING))
        before = await at("parking")

        second = await bring(zipped(a__md=PARKING))

        assert len(first[Change.new]) == 1
        assert [one.slug for one in second[Change.same]] == ["parking"]
        assert (await at("parking")).version == before.version == 1
        assert before.status is ArticleStatus.published
        assert live.search.versions() == {before.id: 1}

    async def test_a_question_keeps_its_place_among_the_others(self, make_article, bring, at):
        await make_article("parking", title="Parking", questions=["where do I park?"])
        file = PARKING.replace("questions:", "questions:\n  - may I park there?")
        assert file != PARKING

        await bring(zipped(a__md=file))
        after = await at("parking")
        again = await bring(zipped(a__md=file))

        assert after.questions[0] == "may I park there?"
        assert [one.slug for one in again[Change.same]] == ["parking"]

    async def test_one_bad_row_is_named_with_its_line_and_the_rest_go_in(self, bring, at):
        table = "slug,language,title,body,category\ngood,en,Good,Text,\nBad Slug,en,Bad,Text,\nlost,en,Lost,x,nowhere\n"
        broken = PARKING.replace("language: en", "language: de")

        from_table = await bring(table, "articles.csv")
        from_zip = await bring(zipped(a__md=PARKING, b__md=broken, c__md="---\n: [\n---\n", NOTES__md="# Notes"))

        assert [(one.line, one.reason) for one in from_table[Change.refused]] == [
            (3, Reason.field_unfit),
            (4, Reason.category_unknown),
        ]
        assert [(one.file, one.line) for one in from_zip[Change.refused]] == [("b.md", 4), ("c.md", 2)]
        assert await at("good")
        assert await at("parking")

    async def test_an_address_may_stand_in_a_file_once(self, bring):
        found = await bring(zipped(a__md=PARKING, b__md=PARKING))

        assert [(one.file, one.reason, one.detail) for one in found[Change.refused]] == [
            ("b.md", Reason.repeated, "a.md:1")
        ]

    async def test_what_a_file_does_not_say_stays(self, make_article, bring, at):
        await make_article("parking", title="Parking", body="Here.", summary="Short.", visibility="agents")

        await bring("slug,language,title\nparking,en,New title\n", "a.csv")

        article = await at("parking")
        assert (article.title, article.summary, article.visibility) == ("New title", "Short.", Visibility.agents)
        assert article.body == "Here."

    async def test_new_articles_are_drafts_unless_told_otherwise(self, bring, at):
        silent = PARKING.replace("status: published\n", "")

        await bring(zipped(a__md=silent))
        await bring(zipped(a__md=silent.replace("slug: parking", "slug: trains")), publish_new=True)

        assert (await at("parking")).status is ArticleStatus.draft
        assert (await at("trains")).status is ArticleStatus.published

    async def test_a_published_article_does_not_go_back_to_draft(self, make_article, bring):
        await make_article("parking", title="Where to park")

        found = await bring(zipped(a__md=PARKING.replace("published", "draft")))

        assert [one.reason for one in found[Change.refused]] == [Reason.status_refused]

    async def test_who_saved_meanwhile_loses_nothing(self, make_article, check, work, open_knowledge, clock, at):
        article = await make_article("parking", title="Parking")
        kept = await check(zipped(a__md=PARKING.replace("published", "draft").replace("parking", "trains", 1)))
        async with work.begin() as session:
            await ArticleImports(open_knowledge(session)).begin(kept.id)

        with pytest.raises(ImportBegun):
            async with work.begin() as session:
                await ArticleImports(open_knowledge(session)).begin(kept.id)
        importing = Importing(work, open_service=open_knowledge, clock=clock)
        await importing.run(str(kept.id))
        again = await importing.due()

        assert again == []
        assert (await at("parking")).version == article.version

    async def test_categories_come_with_the_folder(self, bring, at):
        listed = "- {slug: cars, name_fa: خودرو, name_en: Cars}"

        await bring(zipped(categories__yml=listed, a__md=PARKING.replace("slug:", "category: cars\nslug:")))

        assert (await at("parking")).category.name_fa == "خودرو"

    async def test_a_dry_run_says_which_categories_would_be_what(self, check, category):
        listed = (
            "- {slug: refunds, name_fa: پول, name_en: Money}\n"
            "- {slug: cars, name_fa: خودرو, name_en: Cars, position: 4}"
        )

        kept = await check(zipped(categories__yml=listed))

        assert kept.categories == [
            {
                "slug": "refunds",
                "name_fa": "پول",
                "name_en": "Money",
                "before": {"name_fa": "بازگشت وجه", "name_en": "Refunds", "position": 1},
            },
            {"slug": "cars", "name_fa": "خودرو", "name_en": "Cars", "position": 4, "before": None},
        ]

    async def test_categories_that_stay_what_they_are_are_no_change(self, export, check, category):
        assert (await check(await export("write_zip"))).categories == []
        assert (await check(zipped(categories__yml=REFUNDS))).categories == []

    async def test_a_category_keeps_its_place_where_the_file_names_none_and_a_new_one_is_the_last(
        self, bring, category, work, open_knowledge
    ):
        new = "- {slug: cars, name_fa: خودرو, name_en: Cars}"

        await bring(zipped(categories__yml=f"{new}\n{REFUNDS.replace('en: Refunds', 'en: Money')}"))

        async with work.reading() as session:
            found = await open_knowledge(session).categories.all()
        assert [(one.name_en, one.position) for one in found] == [("Money", 1), ("Cars", 2)]


class TestAnErrorThatNobodyForesaw:
    @pytest.fixture
    def failing(self, monkeypatch):
        """Lets the rows of this address fail with this error."""

        def failing(slug, error):
            async def put(knowledge, file, **options):
                if file.front.slug == slug:
                    raise error
                await importing.put_as_ever(knowledge, file, **options)

            monkeypatch.setattr(importing, "put_as_ever", importing.put, raising=False)
            monkeypatch.setattr(importing, "put", put)

        return failing

    async def test_is_noted_at_its_row_and_the_next_one_goes_in(self, failing, bring, at, work, open_knowledge, clock):
        failing("parking", OverflowError("date value out of range"))

        found = await bring(zipped(a__md=PARKING, b__md=PARKING.replace("slug: parking", "slug: trains")))

        assert [(one.file, one.reason) for one in found[Change.refused]] == [("a.md", Reason.failed)]
        assert await at("parking") is None
        assert await at("trains")
        assert await Importing(work, open_service=open_knowledge, clock=clock).due() == []

    async def test_is_not_noted_while_the_database_is_away(self, failing, check, work, open_knowledge, clock, at):
        failing("parking", NoConnectionLeft())
        kept = await check(zipped(a__md=PARKING))
        async with work.begin() as session:
            await ArticleImports(open_knowledge(session)).begin(kept.id)

        with pytest.raises(NoConnectionLeft):
            await Importing(work, open_service=open_knowledge, clock=clock).run(str(kept.id))

        found = await rows(work, kept.id)
        assert [one.is_done for one in found[Change.new]] == [False]


def body_of(page: str) -> str:
    return read_file(page.encode(), name="a.html").articles[0].article.body


class TestWebPage:
    async def test_becomes_markdown_without_scripts_and_frame(self, bring, at):
        page = """<html lang="fa"><head><title>شرایط بازگشت</title><script>alert(1)</script></head><body>
        <nav>خانه</nav><main><h1>شرایط</h1><p onclick="x()">تا <b>ده</b> روز <a href="javascript:x()">اینجا</a></p>
        <ul><li>یک</li></ul><form><input name=a></form></main><footer>پایان</footer></body></html>"""

        await bring(page, "Refund Rules.html")

        article = await at("refund-rules", "fa")
        assert article.title == "شرایط بازگشت"
        assert article.body.startswith("# شرایط\n\nتا **ده** روز")
        assert "- یک" in article.body
        assert not any(word in article.body for word in ("alert", "javascript", "خانه", "پایان", "onclick"))

    @pytest.mark.parametrize(
        "head",
        [
            '<base href="https://shop.example/help/">',
            '<base href="/help/"><link rel="canonical" href="https://shop.example/fa/refunds">',
            '<link rel="alternate" href="/feed"><link rel="Canonical" href="https://shop.example/help/refunds?a=1">',
            '<meta property="og:url" content="https://shop.example/help/refunds">',
            '<link rel=canonical href="/refunds"><meta property="og:url" content="https://shop.example/help/refunds">',
        ],
    )
    def test_links_and_pictures_lead_to_the_site_that_it_came_from(self, head: str):
        page = f"""<head>{head}</head><p><a href="form">Form</a> <a href="/terms#t">Terms</a>
        <a href="https://bank.example">Bank</a> <a href="mailto:a@b.example">Mail</a>
        <img alt="Map" src="../map.png">"""

        body = body_of(page)

        for link in (
            "[Form](https://shop.example/help/form)",
            "[Terms](https://shop.example/terms#t)",
            "[Bank](https://bank.example)",
            "[Mail](mailto:a@b.example)",
            "![Map](https://shop.example/map.png)",
        ):
            assert link in body

    @pytest.mark.parametrize(
        "head",
        [
            "",
            '<base href="javascript:x()">',
            '<base href="/help/">',
            "<script>'<base href=\"https://a.example/\">'</script>",
        ],
    )
    def test_where_it_does_not_say_from_where_the_words_stay_without_link_and_picture(self, head: str):
        page = f"""<head>{head}</head><p><a href="/form">The <b>form</b></a> and <img alt="Map" src="map.png"> this
        <a href="//bank.example/x">Bank</a><img alt="Logo" src="//bank.example/l.png">"""

        assert body_of(page).split("\n")[0].strip() == "The **form** and this"
        assert "[Bank](https://bank.example/x)" in body_of(page)
        assert "![Logo](https://bank.example/l.png)" in body_of(page)
        assert "map.png" not in body_of(page)

    def test_what_leads_to_a_place_in_the_page_itself_or_to_the_disk_of_who_saved_it_is_left_out(self):
        head = '<base href="https://shop.example/help/">'
        page = f"""<head>{head}</head><p><a href="#rules">Rules</a> <a href="http://[">Odd</a>
        <img src="./Refunds_files/map.png"><img src="data:image/png;base64,AA"> in short"""

        assert body_of(page).split() == ["Rules", "Odd", "in", "short"]

    def test_in_a_zip_from_a_mac_has_the_name_that_it_was_given(self):
        packed = zipped(XXXXXX__html="<p>Text.</p>")
        page = read_file(packed.replace(b"XXXXXX", "راه".encode()), name="pages.zip").articles[0]

        assert (page.file, page.article.front.title) == ("راه.html", "راه")

    def test_an_image_that_smuggles_a_script_is_harmless(self):
        found = read_file(
            b'<p>x <img src=x onerror="alert(1)"> &lt;script&gt;alert(2)&lt;/script&gt;</p>', name="a.html"
        )

        assert "<script" not in to_html(found.articles[0].article.body)

    def test_a_page_nested_without_end_is_refused_with_the_reason(self):
        found = read_file(b"<div><blockquote>" * 50_000 + b"x", name="a.html")

        assert found.articles[0].reason is Reason.page_unfit

    @pytest.mark.parametrize(
        "much",
        [
            b"<li>one more<br><img src=x><p>line",
            b"<svg><path d=''/></svg>",
            b"<script>if (i<div> 0 <b>)</script>",
            b"<i>a</i>",
        ],
    )
    def test_much_of_what_ends_by_itself_is_no_depth(self, much: bytes):
        found = read_file(b"<h1>Title</h1>" + much * 2_000 + b"<p>the end", name="a.html")

        assert "the end" in found.articles[0].article.body


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "name", "reason"),
        [
            (b"x" * (MAX_IMPORT_BYTES + 1), "a.csv", Reason.file_too_large),
            (b"\x89PNG\r\n\x1a\n\0", "a.md", Reason.not_text),
            (b"PK\x03\x04 broken", "a.zip", Reason.zip_broken),
            (b"MZ", "a.exe", Reason.kind_unknown),
            (b"a,b\n1,2\n", "a.csv", Reason.columns_missing),
            (zipped(), "a.zip", Reason.nothing_found),
        ],
    )
    def test_say_why(self, content, name, reason):
        with pytest.raises(ImportRefused) as refusal:
            read_file(content, name=name)

        assert refusal.value.refused.reason is reason

    @pytest.mark.parametrize(
        ("text", "reason", "line", "field"),
        [
            ("no front matter", Reason.front_missing, 1, ""),
            ("---\ntitle: [\n---\n", Reason.front_unreadable, 3, ""),
            (PARKING.replace("slug: parking\n", ""), Reason.field_missing, 2, "slug"),
            (PARKING.replace("status: published", "status: nearly"), Reason.field_unfit, 7, "status"),
        ],
    )
    def test_say_of_an_article_what_is_wrong_where(self, text, reason, line, field):
        refused = read_file(text.encode(), name="a.md").articles[0]

        assert (refused.reason, refused.line) == (reason, line)
        assert refused.detail.startswith(f"{field}:") or not field

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("updated_at", "0001-01-01T00:00:00Z"),
            ("published_at", "0001-01-01T00:00:00+03:30"),
            ("created_at", "9999-12-31T23:59:59-03:30"),
            ("review_due", "9999-12-31"),
            ("review_due", "1405-05-02"),
            ("reviewed", "0001-01-01"),
        ],
    )
    def test_a_day_that_not_every_calendar_can_write_is_refused(self, field, value):
        page = PARKING.replace("status: published", f"{field}: {value}")
        table = f"slug,language,title,{field}\nparking,en,Parking,{value}\n"

        in_page = read_file(page.encode(), name="a.md").articles[0]
        in_table = read_file(table.encode(), name="a.csv").articles[0]

        assert (in_page.reason, in_page.line) == (Reason.field_unfit, 7)
        assert (in_table.reason, in_table.line) == (Reason.field_unfit, 2)
        assert in_page.detail.startswith(f"{field}:")

    async def test_a_category_that_no_database_can_hold_is_one_refused_row(self, bring, at):
        odd = PARKING.replace("slug: parking", 'slug: odd\ncategory: "a\\udc80"')
        assert odd != PARKING

        found = await bring(zipped(a__md=odd, b__md=PARKING))

        assert [(one.reason, one.detail) for one in found[Change.refused]] == [(Reason.category_unknown, "a\ufffd")]
        assert await at("parking")

    async def test_halves_of_characters_in_the_other_fields_are_kept_as_unknown_ones(self, bring, at):
        odd = PARKING.replace("Where to park", '"P \\udc80"').replace("is there a parking lot?", '"a \\udc80?"')

        await bring(zipped(a__md=odd))

        assert ((await at("parking")).title, (await at("parking")).questions) == ("P \ufffd", ["a \ufffd?"])

    def test_a_category_whose_name_no_database_can_hold_is_named_with_its_file(self):
        listed = '- {slug: cars, name_fa: "a\\udc80", name_en: Cars}'

        assert (
            read_file(zipped(categories__yml=listed), name="a.zip").articles[0].reason is Reason.categories_unreadable
        )

    @pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_zip_whose_steps_have_no_end_is_not_unpacked(self, way):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", way) as archive:
            archive.writestr("a.md", PARKING)

        with pytest.raises(ImportRefused) as refusal:
            read_file(out.getvalue(), name="a.zip")

        assert refusal.value.refused.reason is Reason.zip_broken

    def test_a_zip_that_unpacks_without_end_is_not_unpacked(self):
        bomb = zipped(**{f"{number}__md": b"0" * (MAX_UNPACKED_BYTES // 20) for number in range(21)})
        assert len(bomb) < MAX_IMPORT_BYTES

        with pytest.raises(ImportRefused) as refusal:
            read_file(bomb, name="bomb.zip")

        assert refusal.value.refused.reason is Reason.zip_too_large

    def test_front_matter_that_multiplies_itself_is_not_read(self):
        laughs = "---\na: &a [x,x,x]\nb: &b [*a,*a,*a]\ntitle: *b\n---\n"

        found = read_file(zipped(a__md=laughs), name="a.zip")

        assert (found.articles[0].reason, found.articles[0].line) == (Reason.front_unreadable, 3)


class TestExport:
    @pytest.fixture
    async def filled(self, make_article, work, open_knowledge, clock, category):
        """An article of each kind, with what is hard to carry over."""
        await make_article(
            "refunds",
            title='=1+1 --- "quotes"',
            body="- a list\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |",
            summary="@everybody: yes, 'really'",
            questions=["+98 money?", "پولم\u200cرو می‌خوام، کِی؟"],
            category=category,
            reviewed_on=date(2026, 11, 1),
            review_due_on=date(2027, 1, 1),
        )
        await make_article("refunds", language="fa", title="بازگشت وجه 🙂", body="متن\n\n    کد")
        await make_article("inside", visibility="agents", body="    code first")
        planned = await make_article("planned", publish=False)
        archived = await make_article("archived")
        async with work.begin() as session:
            await open_knowledge(session).schedule(planned.id, at=clock.now() + timedelta(days=3))
            await open_knowledge(session).archive(archived.id)

    @pytest.mark.parametrize(("way", "name"), [("write_zip", "kb.zip"), ("write_table", "kb.csv")])
    async def test_everything_comes_back_without_loss(self, filled, export, bring, work, open_knowledge, way, name):
        content = await export(way)

        unchanged = await bring(content, name)
        async with work.begin() as session:
            for one in await open_knowledge(session).articles.some(await open_knowledge(session).articles.all_ids()):
                await session.delete(one)
        back = await bring(content, name)

        assert len(unchanged[Change.same]) == 5
        assert back[Change.refused] == []
        assert len(back[Change.new]) == 5
        # What was done by hand to the first ones was not done to those that came back.
        assert without(await export(way), "moves.csv") == without(content, "moves.csv")

    async def test_a_zip_also_tells_what_became_of_the_articles(
        self, make_article, export, work, open_knowledge, category
    ):
        article = await make_article("refunds", body="Ten days.", category=category)
        async with work.begin() as session:
            service = open_knowledge(session)
            draft = as_draft(await service.get(article.id)).model_copy(update={"body": "=Nine\ndays."})
            await service.save(article.id, draft, version=1, by="Omid")
            await service.answer("refunds", language="en", conversation_id="c1", message_id="m1")
            await service.handed_off("c1")
            await service.vote("refunds", "en", reader="r1", helpful=True)
            await service.answer("+گربه هم می‌آید؟", language="fa", conversation_id="c2")
        content = await export("write_zip")

        versions, usage = (table_in(content, name) for name in ("versions.csv", "usage.csv"))
        asked = {row["question"]: row for row in table_in(content, "gaps.csv")}
        assert [(row["slug"], row["number"], row["saved_by"]) for row in versions] == [
            ("refunds", "1", "Sara"),
            ("refunds", "2", "Omid"),
        ]
        assert versions[1]["body"] == "'=Nine\ndays."
        assert [list(row.values()) for row in usage] == [["refunds", "en", "", "1", "0", "1", "1", "0"]]
        assert (asked["refunds"]["cause"], asked["refunds"]["nearest"]) == ("handed_off", "refunds")
        assert asked["'+گربه هم می‌آید؟"]["conversation_id"] == "c2"

    async def test_a_zip_tells_where_an_article_stood_what_its_status_was_and_who_looks_after_it(
        self, make_article, work, open_knowledge, category, clock
    ):
        article = await make_article("refunds", category=category, reviewed_on=date(2026, 11, 1))
        other = await make_article("parking", publish=False)
        async with work.begin() as session:
            service = open_knowledge(session)
            draft = as_draft(await service.get(article.id)).model_copy(
                update={"category": None, "reviewed_on": None, "visibility": Visibility.agents}
            )
            await service.save(article.id, draft, version=1, slug="money-back", by="Omid")
            await service.archive(article.id, by="=Omid")
            await service.give_to(article.id, 7)
            await service.give_to(other.id, 8)

        async with work.reading() as session:
            content = await ArticleImports(open_knowledge(session)).write_zip(people={7: "+Zahra"})

        versions, moves, usage = (table_in(content, f"{name}.csv") for name in ("versions", "moves", "usage"))
        stood = [
            [row[name] for name in ("slug", "slug_then", "category", "visibility", "reviewed", "review_due")]
            for row in versions
            if row["slug"] == "money-back"
        ]
        assert stood == [
            ["money-back", "refunds", "refunds", "public", "2026-11-01", ""],
            ["money-back", "money-back", "", "agents", "", ""],
        ]
        now = clock.now().isoformat()
        assert [list(row.values()) for row in moves] == [
            ["money-back", "en", "published", now, ""],
            ["money-back", "en", "archived", now, "'=Omid"],
        ]
        # Of somebody whose name is not known, the number.
        assert {row["slug"]: row["owner"] for row in usage} == {"money-back": "'+Zahra", "parking": "8"}

    async def test_an_import_leaves_what_is_no_article_in_it_alone(self, filled, export, check, monkeypatch):
        content = await export("write_zip")
        folder = zipped(**{f"old/{name}": one for name, one in members(content).items()})
        # However long the tables are.
        monkeypatch.setattr(import_files, "MAX_MEMBER_BYTES", len(members(content)["versions.csv"]) - 1)

        for kept in (await check(content), await check(folder)):
            assert {row.change for row in kept.rows} == {Change.same}
            assert len(kept.rows) == 5
        with pytest.raises(ImportRefused) as refusal:
            await check(members(content)["versions.csv"], "versions.csv")
        assert refusal.value.refused.reason is Reason.nothing_found

    async def test_no_cell_of_a_table_is_a_formula(self, filled, export):
        table = (await export("write_table")).decode("utf-8-sig")

        assert "\"'=1+1" in table
        assert "'- a list" in table


class TestProgress:
    async def test_is_known_and_the_content_is_not_kept(self, bring, work):
        found = await bring(zipped(a__md=PARKING, b__md=PARKING.replace("slug: parking", "slug: trains")))

        async with work.reading() as session:
            imports = ImportRepository(session)
            kept = (await imports.latest())[0]
            assert (kept.state, await imports.count_done(kept.id)) == (ImportState.done, 2)
            assert await imports.next_row(kept.id) is None
        assert all(one.is_done for one in found[Change.new])


class TestCommand:
    async def test_brings_a_file_in_and_everything_out(self, work, embedder, tmp_path, capsys, at):
        exchange, file = Exchange(work, embedder), tmp_path / "kb.zip"
        file.write_bytes(zipped(a__md=PARKING))

        await exchange.bring(file, dry_run=True, publish_new=False)
        before = await at("parking")
        await exchange.bring(file, dry_run=False, publish_new=False)
        await exchange.take_out(tmp_path / "out.csv")

        assert before is None
        assert capsys.readouterr().out == "new      a.md:1 parking en\n" * 2
        assert "Park behind the house." in (tmp_path / "out.csv").read_text("utf-8-sig")

    @pytest.mark.parametrize(("is_terminal", "shown"), [(True, "2/2"), (False, "")])
    async def test_shows_on_a_terminal_how_far_it_has_come(self, work, embedder, tmp_path, capsys, is_terminal, shown):
        file, seen = tmp_path / "kb.zip", io.StringIO()
        file.write_bytes(zipped(a__md=PARKING, b__md=PARKING.replace("slug: parking", "slug: trains")))
        exchange = Exchange(work, embedder, console=Console(file=seen, force_terminal=is_terminal, width=100))

        await exchange.bring(file, dry_run=False, publish_new=False)

        assert shown in seen.getvalue()
        assert bool(seen.getvalue()) is is_terminal
        assert capsys.readouterr().out.count("new ") == 2

    async def test_brings_a_folder_in_as_it_would_the_zip_of_it(self, work, embedder, tmp_path, capsys, at):
        folder = tmp_path / "kb"
        for place, content in {
            "categories.yml": "- {slug: cars, name_fa: خودرو, name_en: Cars}",
            "cars/parking.en.md": PARKING.replace("slug:", "category: cars\nslug:"),
            "README.md": "# Notes",
            "pictures/map.png": "PNG",
            ".git/old.md": PARKING.replace("slug: parking", "slug: old"),
            "old.html": "<p>Old",
        }.items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(content, "utf-8")

        await Exchange(work, embedder).bring(folder, dry_run=False, publish_new=False)

        category = "new      categories.yml cars, name_fa: خودرو, name_en: Cars\n"
        assert capsys.readouterr().out == f"{category}new      cars/parking.en.md:1 parking en\n"
        assert (await at("parking")).category.name_en == "Cars"

    @pytest.mark.parametrize("limit", ["MAX_UNPACKED_BYTES", "MOST_MEMBERS"])
    def test_a_folder_that_holds_too_much_is_refused_before_it_is_read(self, tmp_path, monkeypatch, limit):
        for name in ("a.md", "b.md"):
            (tmp_path / name).write_text(PARKING, "utf-8")
        monkeypatch.setattr(import_files, limit, 1)
        monkeypatch.setattr("pathlib.Path.read_bytes", None)

        with pytest.raises(ImportRefused) as refusal:
            take_up(tmp_path)

        assert refusal.value.refused.reason is Reason.zip_too_large

    def test_no_more_of_a_file_is_read_than_may_be(self, tmp_path):
        with (tmp_path / "a.csv").open("wb") as file:
            file.truncate(10 * MAX_IMPORT_BYTES)

        content, name = take_up(tmp_path / "a.csv")

        assert len(content) == MAX_IMPORT_BYTES + 1
        with pytest.raises(ImportRefused):
            read_file(content, name=name)
