"""Deltas: small on disk, and nearly the same network once they are merged."""

import numpy as np
import pytest

from language import deltas

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

    chance = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for matrix in deltas.matrices_of(network).values():
            matrix += 0.05 * torch.randn(matrix.shape, generator=chance)
    return network


def save(network, published, path, **options):
    deltas.save(deltas.copy_of(network), path, published=deltas.copy_of(published), **options)


class TestMerge:
    def test_gives_the_network_that_was_trained(self, make_network, tmp_path):
        network, merged = trained(make_network()), make_network()
        save(network, merged, tmp_path / "deltas.npz")

        deltas.merge(merged, tmp_path / "deltas.npz")

        moved = np.abs(outputs(network) - outputs(make_network()))
        assert moved.mean() > 0.05
        assert np.abs(outputs(merged) - outputs(network)).mean() < 0.2 * moved.mean()

    def test_leaves_all_but_the_matrices_of_the_layers_as_it_was(self, make_network, tmp_path):
        published, merged = make_network(), make_network()
        save(trained(make_network()), published, tmp_path / "deltas.npz")

        deltas.merge(merged, tmp_path / "deltas.npz")

        before, after = published.state_dict(), merged.state_dict()
        changed = {name for name in before if not np.array_equal(before[name].numpy(), after[name].numpy())}
        assert changed == {f"{name}.weight" for name in deltas.matrices_of(published)}

    def test_takes_a_share_of_what_was_learned(self, make_network, tmp_path):
        untouched = make_network()
        save(trained(make_network()), untouched, tmp_path / "deltas.npz", share=0.0)

        deltas.merge(untouched, tmp_path / "deltas.npz")

        assert np.allclose(outputs(untouched), outputs(make_network()))

    def test_refuses_the_deltas_of_another_network(self, make_network, tmp_path):
        save(trained(make_network(layers=2)), make_network(layers=2), tmp_path / "deltas.npz")

        with pytest.raises(deltas.DeltasUnreadable, match="another network"):
            deltas.merge(make_network(), tmp_path / "deltas.npz")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"no archive"])
    def test_refuses_a_damaged_file(self, make_network, tmp_path, content):
        (tmp_path / "deltas.npz").write_bytes(content)

        with pytest.raises(deltas.DeltasUnreadable, match=r"deltas\.npz"):
            deltas.merge(make_network(), tmp_path / "deltas.npz")


class TestPack:
    def test_takes_some_five_bits_for_a_weight_in_a_file(self, tmp_path):
        codes, scales = deltas.pack(np.random.default_rng(0).normal(size=(256, 256)).astype(np.float32))
        np.savez_compressed(tmp_path / "packed.npz", codes=codes, scales=scales)

        assert (tmp_path / "packed.npz").stat().st_size * 8 < 5.5 * 256 * 256

    def test_gives_weights_back_within_a_step_of_their_block(self):
        weights = np.random.default_rng(0).normal(size=(8, 128)).astype(np.float32)
        weights[0] = 0
        weights[1] *= 1e-4

        found = deltas.unpack(*deltas.pack(weights)).reshape(weights.shape)

        assert (found[0] == 0).all()
        for row, expected in zip(found[1:], weights[1:], strict=True):
            assert np.sqrt(((row - expected) ** 2).mean()) < 0.08 * expected.std()

    def test_keeps_whole_steps_exactly(self):
        steps = np.tile(np.arange(-15, 16, dtype=np.float32), 64)[:640].reshape(10, 64)

        assert np.array_equal(deltas.unpack(*deltas.pack(steps)).reshape(steps.shape), steps)
