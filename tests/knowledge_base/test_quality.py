"""The demo knowledge base through the real encoder, asked in words that no article holds."""

from collections.abc import Iterator

import numpy as np
import pytest

from core.config import ROOT
from knowledge_base.article_files import read_articles
from knowledge_base.embedder import ArticleText, Embedder
from knowledge_base.enums import Band
from knowledge_base.examples import searchable
from knowledge_base.projection import Projection
from knowledge_base.question import Question, answer_language, matching_form
from knowledge_base.search import SearchIndex
from knowledge_base.weights import RankerWeights
from language.encoder import Encoder

pytestmark = [pytest.mark.model, pytest.mark.slow]

ASKED = {
    "اگه پشیمون بشم چقدر از پولم برمی‌گرده؟": "refund-rules",
    "رمزم یادم رفته چطور برم تو": "forgotten-password",
    "crm اصلا به چه دردی می‌خوره": "what-is-crm",
    "قیمت کلاسا چقدره": "course-prices",
    "mishe ghesti pardakht konam?": "instalments",
    "How long until my money is paid back?": "refund-timing",
    "can I pay in instalments": "instalments",
    "what is a CRM good for": "what-is-crm",
}
OFF_TOPIC = ["فردا بارون میاد؟", "how do I bake bread", "who won the world cup", "بهترین گوشی برای عکاسی چیه"]


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    folder = ROOT / "var/models/encoder"
    if not folder.is_dir():
        pytest.fail("the encoder is not built; `./hamyar up` builds it")
    return Embedder(Encoder.open(folder))


@pytest.fixture(scope="module")
def index(embedder: Embedder) -> SearchIndex:
    weights = RankerWeights.load()
    index = SearchIndex(
        embedder.dimension, ranker=weights.ranker(), calibration=weights.calibration(), projection=Projection.load()
    )
    for article in searchable(read_articles(ROOT / "seeds/articles"), embedder):
        index.put(article)
    return index


def ask(embedder: Embedder, text: str) -> Question:
    return Question(matching_form(text), embedder.questions([text])[0], answer_language(text, preferred="fa"))


class TestDemoKnowledgeBase:
    def test_was_trained_with_the_encoder_that_serves(self, embedder):
        assert RankerWeights.load().encoder == Projection.load().encoder == embedder.fingerprint

    def test_offers_the_right_article_among_the_first_three(self, index, embedder):
        missed = []
        for text, slug in ASKED.items():
            candidates = index.rank(ask(embedder, text)).candidates[:3]
            if slug not in [index.entry(one.article_id).slug for one in candidates]:
                missed.append(text)

        assert len(missed) <= 1, missed

    def test_answers_nothing_that_is_not_its_business(self, index, embedder):
        for text in OFF_TOPIC:
            assert index.calibration.band(index.rank(ask(embedder, text)).confidence) is not Band.answer, text


class TestLoad:
    async def test_sentence_transformers_gives_the_same_vectors(self, embedder):
        article = ArticleText("Refunds", "", "## Rules\n\nAll of it comes back.", ["my money?"])
        before = embedder.embed_now(article)

        await embedder.load()
        after = embedder.embed_now(article)

        assert np.array_equal(before.passage_vectors, after.passage_vectors)
        assert np.array_equal(before.question_vectors, after.question_vectors)
