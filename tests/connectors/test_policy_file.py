from pathlib import Path

import pytest

from connectors.policy_file import load_policy
from crm.conversations.handoff_policy import PolicyUnreadable

SHIPPED = Path("crm/conversations/handoff_policy.yml")


@pytest.fixture
def with_weights(tmp_path):
    def write(weights: str) -> Path:
        file = tmp_path / "policy.yml"
        file.write_text(f"{SHIPPED.read_text(encoding='utf-8')}\nweights: {weights}\n", encoding="utf-8")
        return file

    return write


class TestLoadPolicy:
    def test_reads_what_ships(self):
        assert load_policy(SHIPPED).weights == {}

    def test_takes_weights_that_an_admin_could_have_typed(self, with_weights):
        assert load_policy(with_weights("{anger: 0.7, waiting_full_minutes: 90}")).weights["anger"] == 0.7

    @pytest.mark.parametrize(
        ("weights", "reason"),
        [
            ("{anger: 7}", "anger must be a number from 0 to 1, not 7.0"),
            ("{waiting_full_minutes: 0}", "waiting_full_minutes must be a number above 0"),
            ("{angr: 0.7}", "there is no 'angr' among anger, abuse"),
            # It hangs on the encoder.
            ("{repeat_cosine: 0.9}", "there is no 'repeat_cosine'"),
        ],
    )
    def test_refuses_weights_with_which_no_turn_could_be_read(self, with_weights, weights, reason):
        with pytest.raises(PolicyUnreadable, match=reason):
            load_policy(with_weights(weights))
