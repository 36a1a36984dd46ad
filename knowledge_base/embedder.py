"""Vectors of articles and questions, through sentence-transformers once it has loaded."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge_base.passages import PassageText, split
from language.detection import detect
from language.encoder import Kind, TextEncoder
from language.reading import text_for_encoder
from language.vocabulary import Words

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Floats = NDArray[np.float32]

# Some hundred articles' passages and variants; a vector has 1.5 kB.
MOST_REMEMBERED = 4_000


@dataclass(frozen=True)
class ArticleText:
    """What an editor wrote."""

    title: str
    summary: str
    body: str
    questions: Sequence[str] = ()


@dataclass(frozen=True)
class EmbeddedArticle:
    """An article's parts with their vectors, a row each."""

    passages: list[PassageText]
    passage_vectors: Floats
    title_vector: Floats
    question_vectors: Floats


class Embedder:
    """Turns articles into vectors; the encoder itself serves until the library, seconds to import, is there.

    The vectors of the last articles are remembered: one that is tried, saved and changed in a sentence is read once,
    and then that sentence's passage alone.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._model: SentenceTransformer | None = None
        self._remembered: OrderedDict[tuple[Kind, str], Floats] = OrderedDict()
        # Articles are embedded in threads.
        self._remembering = Lock()
        # Set once somebody has saved an article: only then is the library worth its time and memory.
        self.is_used = asyncio.Event()

    @property
    def fingerprint(self) -> str:
        """Names the encoder: vectors of another must never be compared with these."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    async def load(self) -> None:
        """Load sentence-transformers in a thread; vectors are the same before and after."""
        self._model = await asyncio.to_thread(_open, self._encoder)

    async def embed(self, article: ArticleText) -> EmbeddedArticle:
        """Split and embed an article, away from the event loop."""
        self.is_used.set()
        return await asyncio.to_thread(self.embed_now, article)

    async def embed_question(self, text: str, *, own: Words | None = None) -> Floats:
        """The vector of a question, in which these words may be."""
        vector: Floats = (await asyncio.to_thread(self.questions, [text], own))[0]
        return vector

    def embed_now(self, article: ArticleText) -> EmbeddedArticle:
        """Split and embed an article. A body without words leaves its summary as the only passage."""
        passages = split(article.body) or split(article.summary)
        texts = [article.title, *(passage.embedded(article.title) for passage in passages)]
        vectors = self._known(texts, "passage")
        return EmbeddedArticle(passages, vectors[1:], vectors[0], self.variants(article.questions))

    def documents(self, texts: Sequence[str]) -> Floats:
        """A row per text that may hold an answer."""
        return self._encode(texts, "passage")

    def questions(self, texts: Sequence[str], own: Words | None = None) -> Floats:
        """A row per question, in which these words may be."""
        return self._encode([_as_read(text, own) for text in texts], "query")

    def variants(self, texts: Sequence[str]) -> Floats:
        """A row per question that an editor wrote, as `embed` gives them."""
        return self._known([_as_read(text) for text in texts], "query")

    def _known(self, texts: Sequence[str], kind: Kind) -> Floats:
        """A row per text of an article; what is remembered is not encoded again."""
        wanted = {(kind, text): text for text in texts}
        with self._remembering:
            known = {key: self._remembered[key] for key in wanted if key in self._remembered}
        unknown = [key for key in wanted if key not in known]
        known |= dict(zip(unknown, self._encode([wanted[key] for key in unknown], kind), strict=True))
        with self._remembering:
            for key, vector in known.items():
                # Not a row of the whole array, which would stay in memory with it.
                self._remembered[key] = vector.copy()
                self._remembered.move_to_end(key)
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return np.array([known[kind, text] for text in texts], np.float32).reshape(len(texts), self.dimension)

    def _encode(self, texts: Sequence[str], kind: Kind) -> Floats:
        if self._model is None or not texts:
            vectors: Floats = self._encoder.encode(texts, kind=kind)
            return vectors
        return np.asarray(self._model.encode(list(texts), prompt_name=kind, show_progress_bar=False), np.float32)


def _as_read(question: str, own: Words | None = None) -> str:
    return text_for_encoder(question, detect(question).language, own)


def _open(encoder: TextEncoder) -> "SentenceTransformer":
    from language.sentence_transformer import as_sentence_transformer

    return as_sentence_transformer(encoder)
