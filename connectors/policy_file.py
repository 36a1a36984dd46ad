"""The handoff policy of a file, checked against the frustration that its weights change."""

from pathlib import Path

from crm.conversations.handoff_policy import HandoffPolicy, PolicyUnreadable
from sentiment.frustration import EDITABLE, WeightUnfit, changed_weights, load_weights


def load_policy(file: Path) -> HandoffPolicy:
    """The policy, with weights that every turn can use; raises PolicyUnreadable."""
    policy = HandoffPolicy.load(file)
    if unknown := sorted(policy.weights.keys() - set(EDITABLE)):
        raise PolicyUnreadable(f"{file}: weights: there is no {unknown[0]!r} among {', '.join(EDITABLE)}.")
    try:
        changed_weights(load_weights(), policy.weights)
    except WeightUnfit as error:
        raise PolicyUnreadable(f"{file}: weights: {error}") from error
    return policy
