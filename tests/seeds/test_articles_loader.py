import pytest

from knowledge_base.embedder import Embedder
from knowledge_base.live_index import LiveIndex
from knowledge_base.service import KnowledgeService
from knowledge_base.weights import RankerWeights
from language.hashing_encoder import HashingEncoder
from seeds.articles_loader import load_articles

CATEGORIES = "- {slug: refunds, name_fa: بازگشت وجه, name_en: Refunds, position: 1}\n"
TEXT = """---
title: Refunds
category: refunds
slug: rules
language: en
questions: [where is my money]
---

All of it.
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "categories.yml").write_text(CATEGORIES, encoding="utf-8")
    (tmp_path / "rules.en.md").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def load(work, clock, folder):
    live = LiveIndex(work, Embedder(HashingEncoder()), weights=RankerWeights.load(), projection=None)

    async def load() -> int:
        async with work.begin() as session:
            return await load_articles(KnowledgeService(session, live=live, clock=clock), folder)

    load.live = live
    return load


class TestLoadArticles:
    async def test_publishes_the_articles_of_a_folder(self, load):
        assert await load() == 1
        assert len(load.live.search) == 1

    async def test_changes_nothing_the_second_time(self, load):
        await load()

        assert await load() == 0
        assert list(load.live.search.versions().values()) == [1]

    async def test_saves_what_changed(self, load, folder):
        await load()
        (folder / "rules.en.md").write_text(TEXT.replace("All of it", "Half of it"), encoding="utf-8")

        assert await load() == 1
        assert list(load.live.search.versions().values()) == [2]
