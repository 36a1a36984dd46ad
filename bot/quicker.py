"""What Rasa does anew in every turn and need not: the same results for less time."""

import json
from functools import lru_cache
from itertools import product
from typing import Any, TypeVar

from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

# More than there are types of events: unknown names come from outside.
_EVENT_TYPES = 64
# What tells most rules apart at a glance.
_TELLING = ((PREVIOUS_ACTION, ACTION_NAME), (USER, INTENT))
_Glance = tuple["str | None", ...]
_AnySlot = TypeVar("_AnySlot", bound=Slot)


def make_rasa_quicker() -> None:
    """Have Rasa do all of it our way, in the whole process."""
    _reuse_action_result_validator()
    _run_graphs_without_scheduler()
    _pass_over_rules_at_a_glance()
    _copy_slots_plainly()
    Event.resolve_by_type = staticmethod(lru_cache(_EVENT_TYPES)(Event.resolve_by_type))


def _reuse_action_result_validator() -> None:
    """Check the results of actions with a validator built once.

    Rasa calls `jsonschema.validate`, which checks the schema itself on every call: 34 of the 60 ms of a turn with an
    action. The result is checked just as strictly.
    """
    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)(schema)

    def validate_action_result(_: RemoteAction, result: Any) -> bool:
        validator.validate(result)
        return True

    RemoteAction._validate_action_result = validate_action_result


def _run_graphs_without_scheduler() -> None:
    """Run a model's graph by asking each node for its inputs first.

    Dask plans every run anew, for cores that it then does not use. Rasa also writes all inputs into a line for a log
    that nobody keeps.
    """

    def run(
        self: DaskGraphRunner, inputs: "dict[str, Any] | None" = None, targets: "list[str] | None" = None
    ) -> "dict[str, Any]":
        schema, nodes = self._graph_schema, self._instantiated_nodes
        done = {name: (name, value) for name, value in (inputs or {}).items()}

        def output_of(name: str) -> "tuple[str, Any]":
            if name not in done:
                done[name] = nodes[name](*map(output_of, schema.nodes[name].needs.values()))
            return done[name]

        try:
            return dict(output_of(target) for target in targets or schema.target_names)
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error

    DaskGraphRunner.run = run


def _pass_over_rules_at_a_glance() -> None:
    """Compare with a conversation only those rules that end on its last action and intent, where they name any.

    Rasa compares all rules slot by slot, several times a turn.
    """
    possible_keys = RulePolicy._get_possible_keys

    def get_possible_keys(self: RulePolicy, lookup: "dict[str, str]", states: "list[dict[str, Any]]") -> "set[str]":
        if not states or not states[-1].get(PREVIOUS_ACTION):
            return possible_keys(self, lookup, states)
        by_end = _by_end(self, lookup)
        ends = product(*((None, named) if named else (None,) for named in _at_a_glance(states[-1])))
        fitting = {key: lookup[key] for end in ends for key in by_end.get(end, ())}
        return possible_keys(self, fitting, states)

    RulePolicy._get_possible_keys = get_possible_keys


def _by_end(policy: RulePolicy, lookup: "dict[str, str]") -> "dict[_Glance, list[str]]":
    """The keys of a policy's rules by what their last states name; told anew where rules were left out meanwhile."""
    kept = policy.__dict__.setdefault("_keys_by_end", {})
    # The lookup is kept too: another one could come to have its id.
    of, count, by_end = kept.get(id(lookup), (None, 0, {}))
    if of is not lookup or count != len(lookup):
        by_end = {}
        for key in lookup:
            by_end.setdefault(_end_of(key), []).append(key)
        kept[id(lookup)] = (lookup, len(lookup), by_end)
    return by_end


def _end_of(rule_key: str) -> "_Glance":
    return tuple(
        one if isinstance(one, str) and one != SHOULD_NOT_BE_SET else None
        for one in _at_a_glance(json.loads(rule_key)[-1])
    )


def _at_a_glance(state: "dict[str, Any]") -> "_Glance":
    return tuple(state.get(part, {}).get(key) for part, key in _TELLING)


def _copy_slots_plainly() -> None:
    """Copy a slot as its attributes, without asking how it would be stored.

    Each prediction goes through the conversation with a copy of every slot.
    """

    def copied(self: _AnySlot) -> _AnySlot:
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    Slot.__copy__ = copied
