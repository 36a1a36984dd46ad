"""De-escalation: one short apology that names the problem goes before the bot's answer, and a person is on offer."""

from collections.abc import Sequence
from dataclasses import replace

from crm.conversations.ports import Mood, Reply
from crm.wording import Words

GENERAL = "displeasure"
# Causes that we brought about ourselves or that say most, before the matter the message is about.
_FIRST = ("repeat", "not_understood")
# Whether we or the contact say so.
_SAME_AS = {"misunderstood": "not_understood"}


def apologies_for(mood: Mood, problem: str | None) -> list[str]:
    """The names of the responses that fit, the one that names the problem best first."""
    codes = {_SAME_AS.get(cause.code, cause.code) for cause in mood.causes}
    fitting = [code for code in _FIRST if code in codes]
    if problem:
        fitting.append(problem)
    if "churn_threat" in codes:
        fitting.append("churn_threat")
    return [f"utter_sorry_{name}" for name in (*fitting, GENERAL)]


def soothed(replies: Sequence[Reply], name: str, words: Words) -> list[Reply]:
    """The replies after the apology; its buttons, a person on offer, stand under the last of them."""
    *others, last = replies
    offered = {button["payload"] for button in last.buttons}
    offers = [button for button in words.buttons if button["payload"] not in offered]
    return [Reply(text=words.text, response=name), *others, replace(last, buttons=[*last.buttons, *offers])]
