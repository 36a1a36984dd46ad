"""Make a network bear being run in int8: even out what its linear layers are given, without changing what they return.

A few of the numbers inside a transformer are many times as large as the rest, and int8 has one scale for all that a
layer is given: the small ones are then rounded away. Dividing each input of a layer by its usual size, and multiplying
the layer's weights by the same, changes nothing in exact arithmetic and leaves int8 something to hold on to (Xiao et
al., "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large Language Models", ICML 2023). Sizes come
from the inputs alone: the weights have a scale for each output of their own.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

# How much of the difference between inputs goes over to the weights. Measured: docs/evidence/encoder.md.
SHARE = 0.8
# What contacts and editors write: a few dozen texts find the same large inputs as hundreds do.
CALIBRATION_TEXTS = (
    "query: سلام، سفارشم هنوز نرسیده. چند روز دیگه میاد؟",
    "query: پولمو کی پس میدین",
    "query: هزینهٔ لغو قرارداد چگونه محاسبه می‌شود؟",
    "query: رمزمو یادم رفته هرچی میزنم وارد نمیشه!!!",
    "query: اگه وسطش ول کنم چقدر ازم کم میکنین؟",
    "query: ببخشید مزاحم میشم، فاکتور رسمی هم میدین واسه شرکت؟",
    "query: واقعاً افتضاحه، سه هفته‌ست جواب منو نمی‌دید 😡",
    "query: کد ۱۲۳۴۵ رو زدم گفت نامعتبره",
    "query: sefaresham koja ast?",
    "query: mikham pooleto pas begiram chi kar konam",
    "query: What do I lose if I quit halfway?",
    "query: how long does shipping take",
    "query: My card was charged twice, order no. 88-1204. Please refund one of them.",
    "query: hi",
    "query: THIS IS THE THIRD TIME I ASK!!! where is my order???",
    "passage: چگونه گذرواژهٔ خود را بازیابی کنم؟",
    "passage: شرایط انصراف از دوره\nتا هفت روز پیش از آغاز دوره، همهٔ شهریه بازگردانده می‌شود."
    " پس از آن ۲۰ درصد کسر می‌شود.",
    "passage: مبلغ حداکثر تا سه روز کاری به همان کارتی بازمی‌گردد که پرداخت با آن انجام شده است.",
    "passage: ساعت‌های پاسخ‌گویی\nشنبه تا چهارشنبه ۹ تا ۱۷، پنج‌شنبه‌ها تا ۱۳."
    " در روزهای تعطیل فقط از راه گفت‌وگوی سایت پاسخ می‌دهیم.",
    "passage: Invoices\nAn official invoice is issued within two working days after payment and sent by e-mail.",
    "passage: How do I change the delivery address of my order?",
    "passage: مدیریت ارتباط با مشتری رویکردی است که در آن همهٔ داده‌ها و تماس‌های مشتری در یک جا نگهداری می‌شود"
    " تا فروش، بازاریابی و پشتیبانی تصویری یکسان از او داشته باشند. این رویکرد تنها خرید یک نرم‌افزار نیست؛ بدون"
    " فرایند روشن، آموزش کارکنان و پشتیبانی مدیران، بهترین ابزار هم پس از چند ماه کنار گذاشته می‌شود.",
    "passage: Tehran lies at the foot of the Alborz mountains and has been the capital of Iran since the end of the"
    " eighteenth century. Its northern districts are several hundred metres higher than the southern ones, which is why"
    " they are cooler in summer.",
)
# An input that is never anything but nothing must not become infinite.
SMALLEST = 1e-4


class Smoothed(nn.Module):
    """A linear layer that returns what it did, with inputs of like size."""

    factors: torch.Tensor

    def __init__(self, layer: nn.Linear, peaks: torch.Tensor) -> None:
        super().__init__()
        sizes = peaks.clamp(min=SMALLEST) ** SHARE
        sizes = sizes / sizes.log().mean().exp()
        self.layer = layer
        self.register_buffer("factors", 1 / sizes)
        layer.weight.data.mul_(sizes)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.layer(inputs * self.factors)
        return outputs


def smooth(network: nn.Module, show: Callable[[], object]) -> None:
    """Smooth every linear layer that `show` reaches, in place; it runs the network on what it will be given."""
    for name, (layer, peaks) in _peaks(network, show).items():
        parent, _, attribute = name.rpartition(".")
        setattr(network.get_submodule(parent), attribute, Smoothed(layer, peaks))


def _peaks(network: nn.Module, show: Callable[[], object]) -> dict[str, tuple[nn.Linear, torch.Tensor]]:
    """By name, the linear layers that were reached and the largest size of each of their inputs, shape (inputs,)."""
    found: dict[str, tuple[nn.Linear, torch.Tensor]] = {}

    def watch(name: str, layer: nn.Linear) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def note(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            peaks = inputs[0].detach().abs().flatten(end_dim=-2).amax(dim=0)
            found[name] = (layer, torch.maximum(peaks, found[name][1]) if name in found else peaks)

        return note

    layers = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    handles = [layer.register_forward_pre_hook(watch(name, layer)) for name, layer in layers]
    show()
    for handle in handles:
        handle.remove()
    return found
