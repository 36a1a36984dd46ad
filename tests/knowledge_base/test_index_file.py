import asyncio
import logging
import os
import subprocess
import sys
import time
from datetime import timedelta

import numpy as np
import pytest

from knowledge_base.examples import UNCALIBRATED, UNTRAINED
from knowledge_base.index_file import UNUSED_SECONDS, IndexFile
from knowledge_base.live_index import LiveIndex
from knowledge_base.question import Question, matching_form
from knowledge_base.schemas import ArticleDraft
from knowledge_base.search import SearchIndex
from knowledge_base.weights import RankerWeights

DATABASE = "sqlite+aiosqlite:///var/hamyar.db"
REFUND = {"title": "How much is refunded", "body": "All of the fee comes back.", "questions": ["my money back?"]}
PARKING = {"title": "Where to park", "body": "Park behind the house."}
WRITES_WITHOUT_END = """
import sys
import numpy as np
from pathlib import Path
from knowledge_base.examples import UNCALIBRATED, UNTRAINED
from knowledge_base.index_file import IndexFile
from knowledge_base.search import SearchableArticle, SearchablePassage, SearchIndex

index = SearchIndex(64, ranker=UNTRAINED, calibration=UNCALIBRATED)
file = IndexFile(Path(sys.argv[1]), database_url="sqlite://", encoder="e")
rows = np.random.default_rng(1).standard_normal((2000, 64)).astype(np.float32)
version = 0
while True:
    version += 1
    passages = [SearchablePassage(one, f"word{one}", row) for one, row in enumerate(rows)]
    index.put(SearchableArticle(1, "a", "en", "title", version, rows[0], passages=passages))
    file.save(index.state())
    print(version, flush=True)
"""


@pytest.fixture
def file(tmp_path, embedder):
    return IndexFile(tmp_path / "index", database_url=DATABASE, encoder=embedder.fingerprint)


@pytest.fixture
def open_live(work, embedder, file):
    """The search index of a process that has just started."""

    async def start(file=file):
        live = LiveIndex(work, embedder, weights=RankerWeights.load(), projection=None, file=file)
        await live.start()
        return live

    return start


@pytest.fixture
async def kept(make_article, open_live):
    """The ids of two articles that are in the file."""
    articles = [await make_article("refunds", **REFUND), await make_article("parking", **PARKING)]
    await (await open_live()).save()
    return [article.id for article in articles]


@pytest.fixture
def read_from_database(monkeypatch):
    """The articles that are put into an index one by one."""
    read = []
    searchable = LiveIndex.searchable
    monkeypatch.setattr(LiveIndex, "searchable", lambda live, one: read.append(one.id) or searchable(live, one))
    return read


def rank(live, text):
    vector = live.embedder.questions([text])[0]
    ranking = live.search.rank(Question(matching_form(text), vector, "en"))
    return [(one.article_id, dict(one.features)) for one in ranking.candidates], ranking.confidence


class TestRestart:
    async def test_reads_nothing_from_the_database_where_nothing_has_changed(self, kept, open_live, read_from_database):
        restarted = await open_live()

        assert read_from_database == []
        assert list(restarted.search.versions()) == kept

    @pytest.mark.parametrize("text", ["my money back?", "where can I leave my car", "the fee", ""])
    async def test_ranks_as_an_index_from_the_database_does(self, kept, open_live, text):
        from_file, from_database = await open_live(), await open_live(file=None)

        (found, confidence), (expected, sure) = rank(from_file, text), rank(from_database, text)

        assert [one for one, _ in found] == [one for one, _ in expected]
        assert [features for _, features in found] == [pytest.approx(features, abs=1e-4) for _, features in expected]
        assert confidence == pytest.approx(sure, abs=1e-4)

    async def test_repairs_what_has_changed_since(
        self, kept, make_article, open_live, work, open_knowledge, read_from_database
    ):
        refunds, parking = kept
        new = await make_article("new")
        async with work.begin() as session:
            await open_knowledge(session).archive(refunds)
            await open_knowledge(session).save(parking, ArticleDraft(title="Changed"), version=1)
        read_from_database.clear()

        restarted = await open_live()

        assert sorted(read_from_database) == [parking, new.id]
        assert restarted.search.versions() == {parking: 2, new.id: 1}

    async def test_one_that_is_killed_soon_after_its_start_has_kept_the_index(
        self, make_article, open_live, events, file, monkeypatch
    ):
        monkeypatch.setattr("knowledge_base.live_index.KEPT_AFTER_SECONDS", 0.0)
        await make_article("refunds", **REFUND)
        live = await open_live()

        running = asyncio.create_task(live.run(events))
        async with asyncio.timeout(10):
            while not file.path.exists():  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.01)
        running.cancel()

        assert file.load(live._empty())

    async def test_takes_no_article_of_another_database_for_its_own(self, kept, open_live, work, open_knowledge, clock):
        clock.advance(timedelta(minutes=1))
        async with work.begin() as session:
            article = await open_knowledge(session).articles.for_change(kept[0])
            article.title, article.updated_at = "Another with the same number", clock.now()

        restarted = await open_live()

        assert restarted.search.entry(kept[0]).title == "Another with the same number"

    async def test_what_is_loaded_can_be_changed(self, kept, open_live, make_article, work, open_knowledge):
        live = await open_live()

        async with work.begin() as session:
            draft = ArticleDraft(title="Cats", body="Cats may come along.", questions=["may I bring my cat?"])
            await open_knowledge(session, live).save(kept[0], draft, version=1)

        assert rank(live, "may I bring my cat?")[0][0][0] == kept[0]
        assert "my money back" not in live.search._phrasings

    async def test_agents_find_theirs_beside_what_is_in_the_file(self, kept, make_article, open_live):
        hidden = await make_article("exceptions", visibility="agents")

        restarted = await open_live()

        assert restarted.search.versions().keys() == {*kept}
        assert restarted.search_for_agents.versions().keys() == {*kept, hidden.id}


class TestLoad:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: content[:0],
            lambda content: b"no index at all" + content[:0],
            lambda content: content[: len(content) // 2],
            lambda content: content[:5_000] + bytes([content[5_000] ^ 1]) + content[5_001:],
        ],
        ids=["empty", "foreign", "cut", "one bit"],
    )
    async def test_a_damaged_file_is_left_with_a_line_in_the_log(self, kept, open_live, file, caplog, damage):
        file.path.write_bytes(damage(file.path.read_bytes()))

        with caplog.at_level(logging.WARNING):
            restarted = await open_live()

        assert list(restarted.search.versions()) == kept
        assert [one.name for one in caplog.records].count("knowledge_base.index_file") == 1

    async def test_another_encoder_has_another_file(self, kept, tmp_path, file):
        other = IndexFile(tmp_path / "index", database_url=DATABASE, encoder="another")

        assert other.path != file.path

    async def test_another_version_of_the_code_has_another_file(self, kept, tmp_path, file, embedder, monkeypatch):
        monkeypatch.setattr("knowledge_base.index_file._making", lambda: [b"changed"])

        other = IndexFile(tmp_path / "index", database_url=DATABASE, encoder=embedder.fingerprint)

        assert other.path != file.path


class TestSave:
    async def test_a_failure_in_the_middle_leaves_the_old_file(
        self, kept, make_article, open_live, file, monkeypatch, tmp_path
    ):
        old = file.path.read_bytes()
        await make_article("new")
        live = await open_live()
        monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError("no space left")))

        with pytest.raises(OSError, match="no space"):
            await live.save()

        assert [one.read_bytes() for one in (tmp_path / "index").iterdir()] == [old]

    async def test_a_disk_that_fails_keeps_nobody_from_ending(self, kept, make_article, open_live, file, monkeypatch):
        await make_article("new")
        live = await open_live()
        monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError("no space left")))

        await live.close()

        assert len((await open_live()).search) == len(kept) + 1

    async def test_what_is_there_already_is_not_written_again(self, kept, open_live, file):
        os.utime(file.path, (1, 1))
        live = await open_live(file=None)
        live._file = file

        await live.save()

        assert file.path.stat().st_mtime == 1

    async def test_a_change_in_the_middle_is_no_reason_to_wait(self, kept, make_article, open_live, monkeypatch, file):
        live = await open_live()
        taken = live.search.words.state
        monkeypatch.setattr(live.search.titles, "state", lambda: setattr(live.search, "_changes", -1) or taken())

        assert live.search.state() is None

    async def test_removes_what_nobody_has_used_for_long(self, make_article, open_live, tmp_path, file):
        (tmp_path / "index").mkdir()
        names = (f"{file.path.name[:17]}old.npz", f"{file.path.name[:17]}recent.npz", "of-another-database.npz")
        for name in names:
            (tmp_path / "index" / name).touch()
            long_ago = time.time() - UNUSED_SECONDS - 60
            os.utime(tmp_path / "index" / name, None if "recent" in name else (long_ago, long_ago))

        await make_article("new")
        await (await open_live()).save()

        assert {one.name for one in (tmp_path / "index").iterdir()} == {*names[1:], file.path.name}

    @pytest.mark.slow
    @pytest.mark.parametrize("delay", np.linspace(0.0, 0.1, 8).tolist())
    def test_a_kill_leaves_the_old_file_or_the_new_one(self, tmp_path, delay):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITES_WITHOUT_END, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        with writer:
            written = int(writer.stdout.readline())
            time.sleep(delay)
            writer.kill()
            written = max([written, *map(int, writer.stdout.read().split())])

        index = SearchIndex(64, ranker=UNTRAINED, calibration=UNCALIBRATED)

        assert IndexFile(tmp_path, database_url="sqlite://", encoder="e").load(index)
        assert index.versions()[1] in (written, written + 1)
        assert len(index.passages) == 2000
