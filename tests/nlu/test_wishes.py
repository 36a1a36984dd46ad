"""The component that settles which of several wishes comes first, on what a classifier has said."""

import pytest
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.wishes import SURE, WishComponent


def heard(text: str, **ranked: float) -> Message:
    """A message after the classifier."""
    ranking = [{"name": name, "confidence": confidence} for name, confidence in ranked.items()]
    return Message({TEXT: text, INTENT: ranking[0], INTENT_RANKING_KEY: ranking})


class TestWishComponent:
    @pytest.mark.parametrize(
        "text", ["human resources course, how much is it", "I speak to a lot of customers, how much is the CRM course"]
    )
    def test_leaves_a_sure_question_alone_that_only_speaks_of_a_person(self, text) -> None:
        message = heard(text, ask_knowledge=0.99, talk_to_person=0.01)

        WishComponent().process([message])

        assert message.get(INTENT) == {"name": "ask_knowledge", "confidence": 0.99}
        assert message.get("other_wishes") is None

    def test_puts_a_request_before_all_else(self) -> None:
        message = heard("وصلم کن به اپراتور، سفارشم هم نرسیده", order_status=0.99, payment_trouble=0.01)

        WishComponent().process([message])

        assert message.get(INTENT)["name"] == "talk_to_person"
        assert message.get("other_wishes") == ["order_status"]

    @pytest.mark.parametrize(("ranked", "confidence"), [(0.01, SURE), (0.7, 0.7)])
    def test_is_as_sure_as_the_classifier_was_of_the_wish_itself(self, ranked, confidence) -> None:
        message = heard("cancel my order and send me the invoice", request_invoice=0.9, cancel_purchase=ranked)

        WishComponent().process([message])

        assert message.get(INTENT) == {"name": "cancel_purchase", "confidence": confidence}

    @pytest.mark.parametrize(
        ("text", "ranked", "intent"),
        [
            ("تلفن", {"talk_to_person": 0.5}, "nlu_fallback"),
            ("تلفن", {"talk_to_person": 0.99}, "talk_to_person"),
            ("قیمت", {"out_of_scope": 0.7}, "nlu_fallback"),
            ("یه جوک بگو", {"out_of_scope": 0.7}, "out_of_scope"),
            ("وصل کن", {"talk_to_person": 0.5}, "talk_to_person"),
            ("الان کسی از همکاراتون هست؟", {"talk_to_person": 0.9}, "ask_knowledge"),
            ("یک سوال دیگه هم داشتم، اقساطی هم میشه؟", {"announce_question": 0.8}, "ask_knowledge"),
            ("and if I only did half?", {"doubt": 0.7}, "ask_knowledge"),
            ("دست شما درد نکنه، سایه‌تون مستدام", {"nlu_fallback": 0.4, "thanks": 0.3}, "thanks"),
            ("گواهی دوره", {"nlu_fallback": 0.4, "thanks": 0.3}, "nlu_fallback"),
        ],
    )
    def test_calls_thanks_and_greets_on_words_and_not_on_a_likeness(self, text, ranked, intent) -> None:
        message = heard(text, **ranked)

        WishComponent().process([message])

        assert message.get(INTENT)["name"] == intent
