"""A smoothed network returns what it did, and loses less when its inputs are rounded."""

import pytest

pytestmark = pytest.mark.model


@pytest.fixture
def network():
    import torch

    torch.manual_seed(0)
    layers = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.GELU(), torch.nn.Linear(16, 4)).eval()
    layers[0].weight.requires_grad_(False)[3] *= 80  # One number is far larger than its neighbours.
    return layers


@pytest.fixture
def inputs():
    import torch

    return torch.randn(20, 8, generator=torch.Generator().manual_seed(1))


def rounded(layer, inputs):
    """What a linear layer returns for inputs in int8 with one scale, as ONNX Runtime rounds them."""
    scale = inputs.abs().max() / 127
    return layer((inputs / scale).round() * scale)


class TestSmooth:
    def test_returns_what_it_did(self, network, inputs):
        from language.smoothing import smooth

        before = network(inputs)
        smooth(network, lambda: network(inputs))

        assert network(inputs).allclose(before, rtol=1e-4, atol=1e-5)

    def test_loses_less_in_int8(self, network, inputs):
        from language.smoothing import smooth

        given = network[1](network[0](inputs))
        exact = network[2](given)
        before = (rounded(network[2], given) - exact).abs().mean()
        smooth(network, lambda: network(inputs))
        after = (rounded(network[2].layer, given * network[2].factors) - exact).abs().mean()

        assert after < before / 2

    def test_bears_an_input_that_is_always_zero(self, network, inputs):
        from language.smoothing import smooth

        inputs[:, 2] = 0
        smooth(network, lambda: network(inputs))

        assert network(inputs).isfinite().all()

    def test_leaves_alone_what_was_not_reached(self, network, inputs):
        from language.smoothing import smooth

        smooth(network, lambda: network[0](inputs))

        assert "layer" in dict(network[0].named_children())
        assert not dict(network[2].named_children())
