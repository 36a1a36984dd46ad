import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from core.config import ROOT, RankingSettings
from knowledge_base.confidence import SIGNALS
from knowledge_base.embedder import Embedder
from knowledge_base.enums import Band
from knowledge_base.evaluate import CorpusLine, Evaluation, QueryLine
from knowledge_base.examples import Kind, leave_one_out
from knowledge_base.index_file import IndexFile
from knowledge_base.live_index import LiveIndex
from knowledge_base.projection import Projection
from knowledge_base.reranking import SHORTLIST, CrossEncoderReranker, RerankerError, open_reranker
from knowledge_base.search import VERBATIM, SearchIndex
from knowledge_base.train import learn, settle_some
from knowledge_base.trial import Trial
from knowledge_base.weights import OperatingPoint, RankerWeights, RerankerConfidence
from language.hashing_encoder import HashingEncoder
from tests.knowledge_base.reranker_contract import CountingReranker, RerankerContract
from tests.knowledge_base.test_search import ARTICLES, ask, searchable
from tests.knowledge_base.test_trial import PARKING, unsaved

QUESTION = "five days after the final exam"
SPECIAL_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
DATABASE = "sqlite+aiosqlite:///reranking.db"


def calibrated_with(fingerprint: str) -> RankerWeights:
    """Weights whose confidence after this model grows with its score alone."""
    found = RerankerConfidence(
        model=fingerprint,
        confidence=dict.fromkeys(SIGNALS, 0.0) | {"score": 1.0},
        bias=-2.0,
        thresholds=OperatingPoint(answer=0.7, offer=0.3),
    )
    return RankerWeights.load().model_copy(update={"reranked": found})


@pytest.fixture
def reranker():
    return CountingReranker()


@pytest.fixture
def weights(reranker):
    return calibrated_with(reranker.fingerprint)


@pytest.fixture
def index(embedder, reranker, weights):
    own = weights.belonging_to(reranker)
    index = SearchIndex(embedder.dimension, ranker=own.ranker(), calibration=own.calibration(), reranker=reranker)
    for number, (slug, title, body) in enumerate(ARTICLES):
        index.put(searchable(embedder, number, slug, title, body))
    return index


@pytest.fixture
async def live(work, embedder, reranker, weights, tmp_path):
    """The search of one process, with a reranker and a file."""
    file = IndexFile(tmp_path, database_url=DATABASE, encoder=embedder.fingerprint, holds_texts=True)
    live = LiveIndex(work, embedder, weights=weights, projection=None, file=file, reranker=reranker)
    await live.start()
    yield live
    await live.close()


class TestCountingReranker(RerankerContract):
    pass


class TestRank:
    def test_takes_the_rerankers_order_and_its_confidence(self, index, embedder, weights):
        ranking = index.rank(ask(embedder, QUESTION))

        assert ranking.candidates[0].article_id == 1
        assert ranking.topic == "certificate"
        scores = [one.score for one in ranking.candidates]
        assert scores == sorted(scores, reverse=True)
        assert ranking.confidence == pytest.approx(1 / (1 + np.exp(2.0 - ranking.candidates[0].score)))

    def test_has_it_read_the_title_and_the_nearest_passage(self, index, embedder, reranker):
        slug, title, _ = ARTICLES[0]
        body = "## Sick\n\nBring a doctor's note.\n\n## Late\n\nNothing is paid."
        index.put(searchable(embedder, 0, slug, title, body))

        index.rank(ask(embedder, "a doctor's note"))

        assert f"{title} › Sick\nBring a doctor's note." in reranker.texts
        assert not any("Nothing is paid" in text for text in reranker.texts)

    def test_has_it_read_no_more_than_a_few(self, index, embedder, reranker):
        for number in range(10, 50):
            index.put(searchable(embedder, number, f"exam-{number}", f"Exam {number}", "The final exam is in June."))

        assert len(index.rank(ask(embedder, QUESTION)).candidates) == len(reranker.texts) == SHORTLIST

    def test_reads_an_article_that_this_encoder_has_not_read(self, index, embedder, reranker):
        slug, title, body = ARTICLES[1]
        whole = searchable(embedder, 1, slug, title, body)
        index.put(replace(whole, vector=None, passages=(), is_embedded=False, passages_unread=[body]))

        assert index.rank(ask(embedder, QUESTION)).candidates[0].article_id == 1
        assert body in reranker.texts

    def test_still_trusts_a_phrasing_that_an_editor_wrote(self, index, embedder):
        slug, title, body = ARTICLES[0]
        index.put(searchable(embedder, 0, slug, title, body, questions=(QUESTION,)))

        ranking = index.rank(ask(embedder, QUESTION))

        assert ranking.candidates[0].article_id == 0
        assert ranking.confidence >= VERBATIM

    @pytest.mark.parametrize("text", ["?", "🙂", "\x00", "a" * 10_000, "\ud800"])
    def test_takes_any_question(self, index, embedder, text):
        assert 0 <= index.rank(ask(embedder, text)).confidence <= 1

    def test_finds_nothing_in_an_empty_knowledge_base(self, index, embedder):
        for number in range(len(ARTICLES)):
            index.remove(number)

        assert index.rank(ask(embedder, QUESTION)).confidence == 0

    def test_keeps_no_texts_without_a_reranker(self, embedder):
        own = RankerWeights.load()
        index = SearchIndex(embedder.dimension, ranker=own.ranker(), calibration=own.calibration())
        index.put(searchable(embedder, 0, *ARTICLES[0]))

        assert index.entry(0).passages == ()


class TestLiveIndex:
    async def test_answers_by_the_reranker_away_from_the_event_loop(self, make_article, ask_bot, reranker):
        article = await make_article("parking", **PARKING)

        found = await ask_bot("park behind the big house")

        assert found.band is Band.answer
        assert found.answer.article_id == article.id
        assert reranker.threads
        assert threading.get_ident() not in reranker.threads

    async def test_reads_the_texts_after_a_restart(self, make_article, live, work, embedder, weights, tmp_path):
        await make_article("parking", **PARKING)
        await live.save()
        reranker = CountingReranker()
        file = IndexFile(tmp_path, database_url=DATABASE, encoder=embedder.fingerprint, holds_texts=True)
        restarted = LiveIndex(work, embedder, weights=weights, projection=None, file=file, reranker=reranker)
        await restarted.start()

        await restarted.rank(ask(embedder, "park behind the house"))

        assert reranker.texts == ["Where to park\nPark behind the house."]
        await restarted.close()

    def test_an_index_with_texts_has_a_file_of_its_own(self, tmp_path):
        files = [IndexFile(tmp_path, database_url=DATABASE, encoder="e", holds_texts=one) for one in (True, False)]

        assert files[0].path != files[1].path

    @pytest.mark.parametrize("calibrated", ["another-1", None])
    def test_refuses_a_model_whose_confidence_nobody_knows(self, work, embedder, reranker, calibrated):
        weights = calibrated_with(calibrated) if calibrated else RankerWeights.load()

        with pytest.raises(RerankerError, match=r"counting-1.*\./hamyar train ranker"):
            LiveIndex(work, embedder, weights=weights, projection=None, reranker=reranker)

    async def test_is_as_sure_as_the_small_model_was_trained_to_be_without_one(self, work, embedder, weights):
        live = LiveIndex(work, embedder, weights=weights, projection=None)

        assert live.search.calibration == RankerWeights.load().calibration()

    async def test_suggests_in_the_rerankers_order(self, make_article, work, open_knowledge, embedder, reranker):
        await make_article("refunds", body="Ten days.")
        article = await make_article("parking", **PARKING)
        vector = embedder.questions(["behind the house"])[0]

        async with work.reading() as session:
            offers = await open_knowledge(session).suggest("behind the house", vector, language="en")

        assert offers[0].article_id == article.id
        assert reranker.texts

    @pytest.fixture
    def ask_bot(self, work, open_knowledge):
        async def run(text):
            async with work.begin() as session:
                return await open_knowledge(session).answer(text, language="en")

        return run


class TestTrial:
    @pytest.fixture
    def trial(self, work, open_knowledge):
        async def run(name, *arguments, **more):
            async with work.reading() as session:
                return await getattr(Trial(open_knowledge(session)), name)(*arguments, **more)

        return run

    async def test_has_the_unsaved_text_read_and_leaves_the_saved_one(self, make_article, trial, live, reranker):
        article = await make_article("parking", **PARKING)
        text = unsaved(article, **{**PARKING, "body": "Park at the old station in town."})

        attempt = await trial("ask_with", text, "park at the old station", language="en")

        assert attempt.found.answer.text == "Park at the old station in town."
        assert [one.article_id for one in attempt.candidates] == [article.id]
        assert live.search.entry(article.id).passages == ("Where to park\nPark behind the house.",)
        assert threading.get_ident() not in reranker.threads

    async def test_names_the_article_that_answers_the_same_questions(self, make_article, trial):
        article = await make_article("parking", **PARKING)
        await make_article("refunds", body="Ten days.")

        (overlap,) = await trial("overlaps", unsaved(**PARKING))

        assert overlap.article_id == article.id
        assert overlap.is_duplicate


class TestTrain:
    def test_calibrates_the_reranker_beside_the_small_model(self, embedder, reranker, tmp_path):
        articles = [
            searchable(embedder, number, slug, title, body, questions=(f"{body[:20]} please", f"{title} {number}?"))
            for number, (slug, title, body) in enumerate(ARTICLES)
        ]
        titles = np.stack([one.vector for one in articles])
        projection = Projection.learn(titles, titles, encoder=embedder.fingerprint)
        examples = list(leave_one_out(articles, articles, projection=projection, reranker=reranker))
        assert {one.kind for one in examples} == set(Kind)

        weights = learn(examples, encoder=embedder.fingerprint, reranker=reranker)

        path = tmp_path / "ranker.json"
        path.write_text(weights.model_dump_json(), encoding="utf-8")
        kept = RankerWeights.load(path)
        assert kept.reranked.model == reranker.fingerprint
        assert kept.belonging_to(reranker).calibration() != kept.calibration()
        assert kept.belonging_to(reranker).held_out == kept.reranked.held_out

    def test_settles_the_order_by_the_rerankers_scores(self, embedder, reranker):
        articles = [searchable(embedder, number, *one, questions=(QUESTION,)) for number, one in enumerate(ARTICLES)]
        titles = np.stack([one.vector for one in articles])
        projection = Projection.learn(titles, titles, encoder=embedder.fingerprint)
        example = next(leave_one_out(articles, articles, projection=projection, reranker=reranker))
        worst_first = [*zip(example.candidates, example.topics, strict=True)][::-1]

        ((_, order),) = settle_some([(example, worst_first)], reranker)

        assert order[0][1] == "certificate"


class TestEvaluation:
    def test_goes_by_the_same_choice(self, reranker, weights, monkeypatch):
        monkeypatch.setattr(RankerWeights, "load", lambda: weights)
        corpus = [CorpusLine(id=slug, title=title, text=body, lang="en") for slug, title, body in ARTICLES]
        queries = [QueryLine(query=QUESTION, positive_ids=["certificate"], lang="en")]

        figures = Evaluation(Embedder(HashingEncoder()), corpus, reranker=reranker).run(queries)

        assert figures["recall@1"] == 1.0
        assert figures["operating_point"]["answer_from"] == 0.7
        assert reranker.texts


class TestOpenReranker:
    def test_is_none_where_the_settings_name_none(self):
        assert open_reranker("") is None

    def test_the_setting_needs_no_secrets(self, monkeypatch):
        monkeypatch.setitem(RankingSettings.model_config, "env_file", None)
        monkeypatch.setenv("RERANKER_MODEL", "var/models/cross-encoder")

        assert RankingSettings().reranker_model == "var/models/cross-encoder"

    def test_nobody_waits_for_torch_without_the_setting(self):
        code = "import sys, web.parts; web.parts.open_reranker(''); print('torch' in sys.modules)"

        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

        assert done.stdout.strip() == "False"


@pytest.mark.model
@pytest.mark.slow
class TestCrossEncoderReranker(RerankerContract):
    """The library's own class over a network of a few random numbers."""

    @pytest.fixture
    def make_model(self, tmp_path):
        def make(name, *, labels=1, seed=0):
            import torch
            from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

            folder = tmp_path / f"{seed}" / name
            folder.mkdir(parents=True)
            words = [*SPECIAL_WORDS, "the", "cat", "money", "back", "comes", "days", "پول"]
            (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
            torch.manual_seed(seed)
            shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
            config = BertConfig(vocab_size=len(words), max_position_embeddings=64, num_labels=labels, **shape)
            BertForSequenceClassification(config).save_pretrained(folder)
            BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
            return folder

        return make

    @pytest.fixture
    def folder(self, make_model):
        return make_model("tiny")

    @pytest.fixture
    def reranker(self, folder):
        return open_reranker(str(folder))

    def test_its_name_says_which_weights_it_has(self, reranker, folder, make_model):
        again, other = (CrossEncoderReranker.open(str(one)) for one in (folder, make_model("tiny", seed=1)))

        assert reranker.fingerprint == again.fingerprint
        assert reranker.fingerprint.startswith("tiny-")
        assert reranker.fingerprint != other.fingerprint

    def test_tells_texts_apart(self, reranker):
        assert len(set(reranker.scores("money back", ["the cat", "money comes back", "days"]).tolist())) == 3

    def test_refuses_a_classifier_of_several_classes(self, make_model):
        with pytest.raises(RerankerError, match="3 scores"):
            CrossEncoderReranker.open(str(make_model("classes", labels=3)))

    def test_refuses_a_folder_that_is_none(self, tmp_path):
        with pytest.raises(RerankerError, match="RERANKER_MODEL"):
            CrossEncoderReranker.open(str(tmp_path / "nowhere"))

    def test_refuses_a_damaged_model(self, make_model):
        folder = make_model("damaged")
        (folder / "model.safetensors").write_bytes(b"nothing")

        with pytest.raises(RerankerError, match="RERANKER_MODEL"):
            CrossEncoderReranker.open(str(folder))

    async def test_orders_what_the_knowledge_base_answers(self, make_article, work, embedder, reranker):
        await make_article("parking", **PARKING)
        await make_article("refunds", body="The money comes back in ten days.")
        live = LiveIndex(
            work, embedder, weights=calibrated_with(reranker.fingerprint), projection=None, reranker=reranker
        )
        await live.start()

        ranking = await live.rank(ask(embedder, "money back"))

        texts = [live.search.entry(one.article_id).passages[0] for one in ranking.candidates]
        assert [one.score for one in ranking.candidates] == pytest.approx(
            sorted(reranker.scores("money back", texts), reverse=True), abs=1e-4
        )
        assert 0 < ranking.confidence < 1
        await live.close()
