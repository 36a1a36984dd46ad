"""bot/names.py, domain.yml, the training data and the rules have to speak of the same things."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.actions.endpoints import create_executor
from bot.names import (
    IN_FORM,
    INTENT_NAMES,
    TICKET_STATUS_RESPONSES,
    Actions,
    Entities,
    Forms,
    Intents,
    Responses,
    Slots,
    SystemResponses,
)
from crm.conversations.drafts import draft_in

DOMAIN: dict[str, Any] = yaml.safe_load(Path("domain.yml").read_text(encoding="utf-8"))
TRAINING: list[dict[str, Any]] = [
    entry
    for file in sorted(Path("bot/nlu/data").glob("*.yml"))
    for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
    if "intent" in entry
]
RULES: list[dict[str, Any]] = [
    rule
    for file in sorted(Path("bot/dialogue").glob("*.yml"))
    for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["rules"]
]
STEPS = [alternative for rule in RULES for step in rule["steps"] for alternative in step.get("or", [step])]


def names_in(holder: type) -> set[str]:
    """The values of a class of constants."""
    return {value for name, value in vars(holder).items() if name.isupper()}


def domain_actions() -> set[str]:
    """The actions of the domain, whether or not they ask for it."""
    return {name for action in DOMAIN["actions"] for name in ([action] if isinstance(action, str) else action)}


def examples_of(entry: dict[str, Any]) -> list[str]:
    """The lines of one intent."""
    return [line.removeprefix("- ") for line in entry["examples"].splitlines()]


class TestNames:
    def test_the_intents_are_those_of_the_domain(self) -> None:
        assert set(DOMAIN["intents"]) == INTENT_NAMES

    def test_the_app_finds_the_ticket_form_in_a_dialogue_by_its_names(self) -> None:
        written = {
            Slots.TICKET_SUBJECT: "Late",
            Slots.TICKET_DESCRIPTION: "Since Monday",
            Slots.CONTACT_DETAIL: "a@b.example",
        }
        slots = [{"event": "slot", "name": name, "value": value} for name, value in written.items()]

        draft = draft_in([{"event": "active_loop", "name": Forms.TICKET}, *slots])

        assert draft is not None
        assert (draft.subject, draft.description, draft.contact_detail) == tuple(written.values())

    def test_the_entities_are_those_of_the_domain(self) -> None:
        assert set(DOMAIN["entities"]) == names_in(Entities)

    def test_the_slots_are_those_of_the_domain(self) -> None:
        assert set(DOMAIN["slots"]) == names_in(Slots) - {Slots.REQUESTED_SLOT}

    def test_the_forms_are_those_of_the_domain(self) -> None:
        assert set(DOMAIN["forms"]) == names_in(Forms)

    def test_the_actions_are_those_of_the_domain_and_of_the_endpoint(self, backend: Any) -> None:
        assert domain_actions() == names_in(Actions) == set(create_executor(backend).actions)

    def test_every_response_that_code_names_is_in_the_domain(self) -> None:
        named = names_in(Responses) | names_in(SystemResponses) | set(TICKET_STATUS_RESPONSES.values())

        assert named | set(IN_FORM.values()) <= set(DOMAIN["responses"])

    @pytest.mark.parametrize("said", sorted(set(IN_FORM.values())))
    def test_what_is_said_in_a_form_has_no_button_that_leads_out_of_it_but_to_a_person(self, said: str) -> None:
        buttons = [button for variant in DOMAIN["responses"][said] for button in variant.get("buttons", [])]

        # What is written so far goes with the contact.
        assert {button["payload"] for button in buttons} <= {"/talk_to_person"}


class TestTrainingData:
    def test_every_intent_that_people_can_write_has_examples_in_both_languages(self) -> None:
        trained = {entry["intent"]: examples_of(entry) for entry in TRAINING}

        assert set(trained) == INTENT_NAMES - {Intents.READ_ARTICLE, Intents.NLU_FALLBACK}
        for intent, examples in trained.items():
            persian = [example for example in examples if re.search("[آ-ی]", example)]
            assert len(persian) >= 15, intent
            assert len(examples) - len(persian) >= 15, intent

    def test_no_example_stands_twice(self) -> None:
        examples = [example for entry in TRAINING for example in examples_of(entry)]

        assert examples
        assert sorted({example for example in examples if examples.count(example) > 1}) == []

    def test_no_held_out_line_is_trained_on(self) -> None:
        held_out = yaml.safe_load(Path("tests/nlu/held_out.yml").read_text(encoding="utf-8"))
        trained = {example for entry in TRAINING for example in examples_of(entry)}

        assert set(held_out) == {entry["intent"] for entry in TRAINING}
        assert trained.isdisjoint(line for lines in held_out.values() for line in lines)


class TestRules:
    def test_rules_name_only_what_the_domain_has(self) -> None:
        actions = domain_actions() | set(DOMAIN["responses"]) | set(DOMAIN["forms"]) | {"action_deactivate_loop"}

        assert STEPS
        assert {step["action"] for step in STEPS if "action" in step} <= actions
        assert {step["intent"] for step in STEPS if "intent" in step} <= INTENT_NAMES

    def test_every_intent_is_answered_by_a_rule(self) -> None:
        assert {step["intent"] for step in STEPS if "intent" in step} == INTENT_NAMES


@pytest.mark.parametrize("name", sorted(DOMAIN["responses"]))
class TestResponses:
    def test_speaks_both_languages_and_ends_with_an_unconditional_persian_variant(self, name: str) -> None:
        *conditional, last = DOMAIN["responses"][name]
        languages = [condition["value"] for variant in conditional for condition in variant["condition"]]

        assert "en" in languages
        assert "condition" not in last
        assert re.search("[آ-ی]", last["text"])

    def test_has_the_same_placeholders_and_payloads_in_every_variant(self, name: str) -> None:
        variants = DOMAIN["responses"][name]
        placeholders = {frozenset(re.findall(r"{(\w+)}", variant["text"])) for variant in variants}
        commands = {
            tuple(button["payload"] for button in variant.get("buttons", []) if button["payload"].startswith("/"))
            for variant in variants
        }

        assert len(placeholders) == 1
        assert len(commands) == 1

    def test_writes_persian_with_persian_letters_and_digits(self, name: str) -> None:
        persian = [variant for variant in DOMAIN["responses"][name] if re.search("[آ-ی]", variant["text"])]
        prose = [
            re.sub(r"HM-\d+|\S+@\S+", "", words)
            for variant in persian
            for words in [variant["text"], *(button["title"] for button in variant.get("buttons", []))]
        ]

        assert prose
        assert not [words for words in prose if re.search("[يك0-9٠-٩]", words)]

    def test_a_button_says_what_the_contact_might_say(self, name: str) -> None:
        # It becomes their own bubble: «همکارانم» would be theirs.
        titles = [button["title"] for variant in DOMAIN["responses"][name] for button in variant.get("buttons", [])]

        assert not [title for title in titles if "همکار" in title]

    def test_buttons_lead_to_an_intent_of_ours(self, name: str) -> None:
        payloads = [button["payload"] for variant in DOMAIN["responses"][name] for button in variant.get("buttons", [])]
        commands = [re.match(r"/(\w+)", payload) for payload in payloads if payload.startswith("/")]

        assert {command[1] for command in commands if command} <= INTENT_NAMES
