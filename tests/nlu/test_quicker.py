"""What is done our way inside Rasa comes to what Rasa comes to."""

from typing import Any

import pytest


class TestMakeRasaQuicker:
    def test_the_very_rules_apply_that_rasa_itself_would_find(self, talk, monkeypatch: pytest.MonkeyPatch) -> None:
        from rasa.core.policies.rule_policy import RulePolicy

        found: list[set[str]] = []
        by_rasa: list[set[str]] = []
        possible_keys = RulePolicy._get_possible_keys

        def look_on(self: RulePolicy, lookup: "dict[str, str]", states: "list[dict[str, Any]]") -> "set[str]":
            backwards = list(enumerate(reversed(states)))
            applies = self._is_rule_applicable
            by_rasa.append({key for key in lookup if all(applies(key, turn, state) for turn, state in backwards)})
            found.append(possible_keys(self, lookup, states))
            return found[-1]

        monkeypatch.setattr(RulePolicy, "_get_possible_keys", look_on)

        talk.say("سلام", "می‌خوام تیکت ثبت کنم", "هزینهٔ ارسال چقدره؟", "بی‌خیال", "ممنون", "/talk_to_person")

        assert found == by_rasa
        assert sum(map(bool, found)) > 5
