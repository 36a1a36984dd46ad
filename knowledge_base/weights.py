"""The learned numbers of ranking and confidence, in one JSON file that `knowledge_base.train` writes."""

from pathlib import Path

from pydantic import BaseModel, Field

from knowledge_base.confidence import SIGNALS, Calibration, Thresholds
from knowledge_base.operating_point import CalibrationData
from knowledge_base.ranking import FEATURES, Ranker
from knowledge_base.reranking import Reranker, RerankerError
from knowledge_base.search import VERBATIM

WEIGHTS_FILE = Path(__file__).parent / "weights" / "ranker.json"


class OperatingPoint(BaseModel):
    """From which confidence on to answer, and from which on to offer titles."""

    answer: float = Field(ge=0, le=1)
    offer: float = Field(ge=0, le=1)


class LearnedConfidence(BaseModel):
    """How sure the first of a ranker's candidates is."""

    confidence: dict[str, float]
    bias: float
    thresholds: OperatingPoint
    # None in weights that were trained before it was kept.
    held_out: CalibrationData | None = None


class RerankerConfidence(LearnedConfidence):
    """The same for the order of a cross-encoder."""

    # Its fingerprint.
    model: str


class RankerWeights(LearnedConfidence):
    """Everything that was learned, and with which encoder; the confidence is the small model's."""

    encoder: str
    ranking: dict[str, float]
    # None where the settings named no cross-encoder when these were trained.
    reranked: RerankerConfidence | None = None

    @classmethod
    def load(cls, path: Path = WEIGHTS_FILE) -> "RankerWeights":
        """Read the file; raises where a feature or a signal of this version of the code is missing."""
        weights = cls.model_validate_json(path.read_text(encoding="utf-8"))
        learned = [one for one in (weights, weights.reranked) if one]
        missing = set(FEATURES) - set(weights.ranking)
        missing.update(*(set(SIGNALS) - set(one.confidence) for one in learned))
        if missing:
            raise ValueError(f"{path.name} knows nothing of {', '.join(sorted(missing))}; train the ranker again")
        return weights

    def belonging_to(self, reranker: Reranker | None) -> "RankerWeights":
        """These with the confidence that belongs to who settles the order: a cross-encoder, or none.

        Raises:
            RerankerError: nothing was calibrated with this cross-encoder.
        """
        if reranker is None:
            return self
        found = self.reranked
        if found is None or found.model != reranker.fingerprint:
            raise RerankerError(
                f"RERANKER_MODEL: nobody knows how sure the answers of {reranker.fingerprint} are. Run "
                "`./hamyar train ranker` with the setting as it is, or leave the setting empty."
            )
        return self.model_copy(update={name: getattr(found, name) for name in LearnedConfidence.model_fields})

    def ranker(self) -> Ranker:
        return Ranker(self.ranking)

    def calibration(self, *, wrong: float | None = None) -> Calibration:
        """The confidence, with at most this share of the given answers wrong; none for what was trained for."""
        return Calibration(self.confidence, self.bias, self._thresholds(wrong))

    def _thresholds(self, wrong: float | None) -> Thresholds:
        trained = self.thresholds
        if wrong is None or self.held_out is None:
            return Thresholds(trained.answer, trained.offer)
        reached = self.held_out.lowest(wrong=wrong)
        # Where no confidence is enough, what an editor wrote word for word is answered still.
        answer = min(reached.confidence, VERBATIM) if reached else VERBATIM
        return Thresholds(answer, min(trained.offer, answer))
