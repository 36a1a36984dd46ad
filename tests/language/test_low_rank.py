"""Deltas: zero at first, small on disk, and the same network once they are merged."""

import numpy as np
import pytest

from language import low_rank

pytestmark = pytest.mark.model


@pytest.fixture
def make_network():
    import torch
    from transformers import BertConfig, BertModel

    def make(layers=1):
        torch.manual_seed(0)
        sizes = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 16}
        return BertModel(BertConfig(vocab_size=11, num_hidden_layers=layers, **sizes)).eval()

    return make


def outputs(network):
    import torch

    with torch.no_grad():
        return network(input_ids=torch.tensor([[1, 2, 3, 4]])).last_hidden_state.numpy()


def trained(network):
    import torch

    low_rank.attach(network, rank=4)
    with torch.no_grad():
        for half in low_rank.deltas_of(network).values():
            half += 0.05 * torch.randn(half.shape, generator=torch.Generator().manual_seed(1))
    return network


class TestAttach:
    def test_changes_nothing_before_training(self, make_network):
        network = make_network()
        before = outputs(network)

        low_rank.attach(network, rank=4)

        assert np.allclose(outputs(network), before)

    def test_leaves_nothing_but_the_deltas_to_be_trained(self, make_network):
        network = make_network()
        low_rank.attach(network, rank=4)

        trainable = [name for name, parameter in network.named_parameters() if parameter.requires_grad]

        assert len(trainable) == len(low_rank.deltas_of(network)) == 12
        assert all(name.endswith((".up", ".down")) for name in trainable)


class TestMerge:
    def test_gives_the_network_that_was_trained(self, make_network, tmp_path):
        network = trained(make_network())
        low_rank.save(network, tmp_path / "deltas.npz")
        merged = make_network()

        low_rank.merge(merged, tmp_path / "deltas.npz")

        assert np.abs(outputs(merged) - outputs(make_network())).max() > 0.1
        assert np.allclose(outputs(merged), outputs(network), atol=0.01)

    def test_takes_a_share_of_what_was_learned(self, make_network, tmp_path):
        low_rank.save(trained(make_network()), tmp_path / "deltas.npz", share=0.0)
        untouched = make_network()

        low_rank.merge(untouched, tmp_path / "deltas.npz")

        assert np.allclose(outputs(untouched), outputs(make_network()))

    def test_refuses_the_deltas_of_another_network(self, make_network, tmp_path):
        low_rank.save(trained(make_network(layers=2)), tmp_path / "deltas.npz")

        with pytest.raises(low_rank.DeltasUnreadable, match="another network"):
            low_rank.merge(make_network(), tmp_path / "deltas.npz")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"no archive"])
    def test_refuses_a_damaged_file(self, make_network, tmp_path, content):
        (tmp_path / "deltas.npz").write_bytes(content)

        with pytest.raises(low_rank.DeltasUnreadable, match=r"deltas\.npz"):
            low_rank.merge(make_network(), tmp_path / "deltas.npz")


class TestGoOnFrom:
    def test_gives_the_network_back_as_it_was_left(self, make_network, tmp_path):
        network = trained(make_network())
        low_rank.save(network, tmp_path / "deltas.npz")
        another = make_network()
        low_rank.attach(another, rank=4)

        low_rank.go_on_from(another, tmp_path / "deltas.npz")

        assert np.allclose(outputs(another), outputs(network), atol=0.01)

    def test_refuses_deltas_of_another_rank(self, make_network, tmp_path):
        low_rank.save(trained(make_network()), tmp_path / "deltas.npz")
        another = make_network()
        low_rank.attach(another, rank=2)

        with pytest.raises(low_rank.DeltasUnreadable, match="another rank"):
            low_rank.go_on_from(another, tmp_path / "deltas.npz")
