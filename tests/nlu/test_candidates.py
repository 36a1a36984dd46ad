"""A training from its beginning to its end; Rasa's own part is a stand-in here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import candidates, trial
from bot.candidates import make_candidate
from bot.models import Endings, KeptModels, Progress, Stages, TrainingUnderWay, Trial
from bot.switch_client import RasaAbsent, SwitchRefused, switch_model
from bot.trial import NothingToCompare

TRIAL = Trial("", 90, [], [], 200, 0.95, 0.95, 0, None, None)


@pytest.fixture
def kept(tmp_path) -> KeptModels:
    return KeptModels(tmp_path)


@pytest.fixture(autouse=True)
def found(monkeypatch) -> "dict[str, Any]":
    """What training and trial come to."""
    found: dict[str, Any] = {"trains": True, "trial": TRIAL, "seen": []}

    def train(output: Path, **_: Any) -> bool:
        found["during_training"]()
        output.write_bytes(b"a model")
        if isinstance(found["trains"], BaseException):
            raise found["trains"]
        return found["trains"]

    def try_beside(candidate: Path, serving: Path, *, name: str, labelled: Any) -> Trial:
        found["meanwhile"](candidate.name.removesuffix(".tar.gz"))
        found["seen"].append((candidate.name, serving.name, [row.text for row in labelled]))
        if isinstance(found["trial"], Exception):
            raise found["trial"]
        return replace(found["trial"], against=name)

    monkeypatch.setattr(candidates, "train", train)
    found |= {"meanwhile": lambda _: None, "during_training": lambda: None}
    monkeypatch.setattr(trial, "try_beside", try_beside)
    return found


def absent(_: str) -> None:
    raise RasaAbsent


def make(kept: KeptModels, switch: Any = absent) -> Progress:
    return make_candidate(kept, switch=switch)


class TestFirst:
    def test_serves_without_a_trial(self, kept, found) -> None:
        ended = make(kept)

        assert (ended.outcome, kept.serving) == (Endings.SERVES_NEXT, ended.model)
        assert found["seen"] == []
        (model,) = kept.all()
        assert model.inputs
        assert model.encoder


class TestNext:
    @pytest.fixture(autouse=True)
    def first(self, kept) -> str:
        return make(kept).model

    def test_serves_after_its_trial(self, kept, found, first) -> None:
        kept.labels_file.write_text('{"text": "hm", "label": "thanks", "lang": "en"}\n')

        ended = make(kept)

        assert ended.model != first
        assert kept.serving == ended.model
        assert found["seen"] == [(f"{ended.model}.tar.gz", f"{first}.tar.gz", ["hm"])]
        newest, _ = kept.all()
        assert newest.trial.against == first
        assert newest.labels == 1

    def test_is_switched_to_by_the_running_rasa(self, kept) -> None:
        asked = []

        ended = make(kept, asked.append)

        assert (ended.outcome, asked) == (Endings.SERVES, [ended.model])

    def test_is_kept_and_does_not_serve_where_it_is_worse(self, kept, found, first) -> None:
        found["trial"] = replace(TRIAL, failed=["A refund"], failed_anew=["A refund"])
        asked = []

        ended = make(kept, asked.append)

        assert (ended.outcome, asked, kept.serving) == (Endings.WORSE, [], first)
        assert kept.get(ended.model).trial.failed_anew == ["A refund"]

    def test_does_not_serve_where_the_running_rasa_refuses_it(self, kept, first) -> None:
        def refuse(_: str) -> None:
            raise SwitchRefused("why")

        ended = make(kept, refuse)

        assert (ended.outcome, ended.reason, kept.serving) == (Endings.REFUSED, "why", first)

    def test_serves_where_the_earlier_one_is_of_no_use_any_more(self, kept, found) -> None:
        found["trial"] = NothingToCompare("another encoder")

        ended = make(kept)

        assert kept.serving == ended.model

        assert kept.get(ended.model).trial_began_at is None

    @pytest.mark.parametrize("failed_anew", [[], ["A refund"]])
    def test_leaves_the_one_that_somebody_chose_during_its_trial(self, kept, found, first, failed_anew) -> None:
        second = make(kept).model
        found["trial"] = replace(TRIAL, failed_anew=failed_anew)
        found["meanwhile"] = lambda _: kept.choose(kept.get(first))
        asked = []

        ended = make(kept, asked.append)

        assert (ended.outcome, asked, kept.serving) == (Endings.KEPT, [], first)
        assert kept.get(ended.model).trial.against == second

    def test_serves_where_somebody_chose_it_during_its_trial(self, kept, found) -> None:
        found["meanwhile"] = lambda candidate: kept.choose(kept.get(candidate))
        asked = []

        ended = make(kept, asked.append)

        model = kept.get(ended.model)
        assert (ended.outcome, asked, kept.serving) == (Endings.SERVES, [], ended.model)
        assert model.served_at
        assert model.trial

    def test_keeps_its_trial_where_somebody_chose_it_before_that_ended(self, kept, found, first) -> None:
        seen = []
        found["meanwhile"] = lambda candidate: seen.append(kept.get(candidate))
        ended = make(kept)

        kept.choose(*seen)

        assert kept.get(ended.model).trial
        assert seen[0].trial_began_at

    def test_learns_from_the_labels_of_its_beginning(self, kept, found, first) -> None:
        kept.keep_labels('{"text": "hm", "label": "thanks", "lang": "en"}\n')
        untouched = make(kept).model
        found["during_training"] = lambda: kept.keep_labels('{"text": "later", "label": "thanks", "lang": "en"}\n')

        disturbed = make(kept).model

        assert [texts for _, _, texts in found["seen"]] == [["hm"], ["hm"]]
        assert kept.get(disturbed).inputs == kept.get(untouched).inputs

    def test_is_not_there_where_rasa_refuses_the_data(self, kept, found, first) -> None:
        found["trains"] = False

        ended = make(kept)

        assert (ended.outcome, kept.serving, len(kept.all())) == (Endings.FAILED, first, 1)

    def test_leaves_the_earlier_one_where_something_breaks(self, kept, found, first) -> None:
        found["trains"] = OSError("the disk is full")

        with pytest.raises(OSError, match="full"):
            make(kept)

        progress = kept.progress()
        assert (progress.outcome, progress.reason) == (Endings.FAILED, "OSError: the disk is full")
        assert (kept.serving, [model.name for model in kept.all()]) == (first, [first])

    def test_leaves_the_earlier_one_where_it_is_interrupted(self, kept, found, first) -> None:
        found["trains"] = KeyboardInterrupt()

        with pytest.raises(KeyboardInterrupt):
            make(kept)

        assert kept.progress().outcome == Endings.BROKEN_OFF
        assert kept.serving == first
        assert not list(kept.folder.glob(".training-*"))

    def test_waits_for_no_other(self, kept) -> None:
        with kept.training(), pytest.raises(TrainingUnderWay):
            make(kept)

    def test_says_how_it_goes(self, kept, monkeypatch) -> None:
        stages = []
        monkeypatch.setattr(kept, "tell", lambda progress: stages.append(progress.stage))

        make(kept)

        assert stages == [Stages.TRAINING, Stages.TRIAL, Stages.ENDED]


class TestSwitchModel:
    @pytest.mark.parametrize("url", ["", "nonsense", "http://127.0.0.1:1"])
    def test_finds_nobody(self, url) -> None:
        with pytest.raises(RasaAbsent):
            switch_model(url, "token", "20260101-000000")

    def test_finds_somebody_elses(self, server) -> None:
        with pytest.raises(RasaAbsent):
            switch_model(f"http://127.0.0.1:{server.port}", "another token", "20260101-000000")
