"""What Rasa imports and the assistant never uses is left out, unless somebody asks for it."""

import sys
from pathlib import Path

import pytest

from bot.unneeded import CLIENTS, TENSORFLOW, UnneededError, components_of, unneeded_by

OURS = ["bot.nlu.tokenizer.BilingualTokenizer", "RulePolicy"]


class TestLeaveOut:
    def test_rasa_runs_without_tensorflow_and_the_clients_of_other_channels(self, agent) -> None:
        assert agent.is_ready()
        for name in ("tensorflow", "keras", "slack_sdk", "twilio", "pymongo"):
            assert not hasattr(sys.modules[name], "__file__")
        assert "tensorflow.python.framework.ops" not in sys.modules

    def test_what_uses_it_after_all_is_told_so(self) -> None:
        import tensorflow

        with pytest.raises(UnneededError, match=r"tensorflow\.keras\.Model was left out.* config\.yml"):
            tensorflow.keras.Model("a name")

    def test_a_component_of_rasa_that_needs_it_cannot_be_made(self) -> None:
        from rasa.utils.tensorflow.callback import RasaTrainingLogger

        with pytest.raises(UnneededError, match="RasaTrainingLogger was left out"):
            RasaTrainingLogger(1, silent=True)


class TestUnneededBy:
    def test_our_own_components_and_rules_need_nothing_of_it(self) -> None:
        assert set(unneeded_by(OURS)) == {*CLIENTS, *TENSORFLOW}

    @pytest.mark.parametrize("wanting", ["DIETClassifier", "TEDPolicy", "rasa.nlu.classifiers.diet_classifier.Any"])
    def test_any_other_component_keeps_tensorflow(self, wanting) -> None:
        assert unneeded_by([*OURS, wanting]) == CLIENTS

    def test_a_configuration_that_cannot_be_read_keeps_tensorflow(self) -> None:
        assert unneeded_by(None) == CLIENTS


class TestComponentsOf:
    def test_the_shipped_configuration_is_light(self) -> None:
        assert "tensorflow" in unneeded_by(components_of(Path("config.yml")))

    @pytest.mark.parametrize(
        "content", ["pipeline: [", "pipeline: 5", "- a", "pipeline:\n- DIETClassifier\n", "\0", ""]
    )
    def test_one_that_is_broken_names_nothing(self, tmp_path, content) -> None:
        (tmp_path / "config.yml").write_text(content)

        assert components_of(tmp_path / "config.yml") is None

    def test_nor_one_that_leaves_the_pipeline_to_rasa(self, tmp_path) -> None:
        (tmp_path / "config.yml").write_text("pipeline:\npolicies:\n- name: RulePolicy\n")

        assert components_of(tmp_path / "config.yml") is None

    def test_nor_one_that_is_not_there(self, tmp_path) -> None:
        assert components_of(tmp_path / "config.yml") is None
