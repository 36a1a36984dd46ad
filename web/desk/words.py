"""Words that Python hands to templates: English texts by what they name, translated where they are shown."""

from enum import StrEnum

from bot.models import Endings, Stages
from crm.conversations.handling import HANDED_OVER, TAKEN_OVER
from crm.enums import Channel, ConversationStatus, DeliveryState, HandoffReason, Outcome, Priority, Role, TicketStatus
from crm.labels.repository import TEACHES_NOTHING, Reason


def _(text: str) -> str:
    """Mark a text for translation and leave it as it is."""
    return text


STATUSES = {
    ConversationStatus.with_bot: _("With bot"),
    ConversationStatus.waiting: _("Waiting"),
    ConversationStatus.open: _("Open"),
    ConversationStatus.resolved: _("Resolved"),
}
STATUS_TONES = {
    ConversationStatus.with_bot: "plain",
    ConversationStatus.waiting: "warn",
    ConversationStatus.open: "accent",
    ConversationStatus.resolved: "good",
}
TICKET_STATUSES = {
    TicketStatus.new: _("New"),
    TicketStatus.open: _("In progress"),
    TicketStatus.pending: _("Waiting for the contact"),
    TicketStatus.on_hold: _("On hold"),
    TicketStatus.solved: _("Solved"),
    TicketStatus.closed: _("Closed"),
}
TICKET_TONES = {
    TicketStatus.new: "warn",
    TicketStatus.open: "accent",
    TicketStatus.solved: "good",
}
PRIORITIES = {
    Priority.low: _("Low priority"),
    Priority.normal: _("Normal priority"),
    Priority.high: _("High priority"),
    Priority.urgent: _("Urgent"),
}
PRIORITY_TONES = {Priority.high: "warn", Priority.urgent: "bad"}
ROLES = {
    Role.agent: _("Agent"),
    Role.supervisor: _("Supervisor"),
    Role.editor: _("Editor"),
    Role.admin: _("Admin"),
}
CHANNELS = {Channel.web_widget: _("Website"), Channel.telegram: _("Telegram"), Channel.email: _("E-mail")}
CHANNEL_ICONS = {Channel.web_widget: "web", Channel.telegram: "telegram", Channel.email: "mail"}
LANGUAGES = {"fa": _("Persian"), "en": _("English"), "finglish": _("Finglish"), "other": _("Another language")}
DELIVERIES = {
    DeliveryState.pending: _("On its way"),
    DeliveryState.sending: _("On its way"),
    DeliveryState.sent: _("Sent"),
    DeliveryState.maybe_sent: _("Maybe sent: the connection broke, and nobody can know"),
    DeliveryState.failed: _("Not sent"),
}
# What a list says beside the last words where they may not have arrived, and how bad that is.
UNDELIVERED = {DeliveryState.maybe_sent: (_("Maybe sent"), "warn"), DeliveryState.failed: (_("Not sent"), "bad")}
HAND_OVERS = {
    HANDED_OVER: _("{by} gave the conversation to {to}"),
    TAKEN_OVER: _("{to} took the conversation over"),
}
OUTCOMES = {Outcome.not_understood: _("The bot did not understand"), Outcome.failed: _("The bot failed")}
HANDOFF_REASONS = {
    HandoffReason.contact_asked: _("The contact asked for a person"),
    HandoffReason.negative_sentiment: _("The contact is upset"),
    HandoffReason.vulnerable: _("The contact may be in distress"),
    HandoffReason.legal_threat: _("The contact speaks of legal steps"),
    HandoffReason.churn_threat: _("The contact wants to leave us"),
    HandoffReason.not_understood: _("The bot could not make sense of it"),
    HandoffReason.bot_failed: _("The bot failed for technical reasons"),
}
# Reasons that an agent should see in another colour.
GRAVE_REASONS = frozenset(
    {
        HandoffReason.negative_sentiment,
        HandoffReason.vulnerable,
        HandoffReason.legal_threat,
        HandoffReason.churn_threat,
    }
)
# Roles that can be told of a handoff: those who handle conversations.
TOLD_ROLES = (Role.agent, Role.supervisor, Role.admin)
_SHARE, _COUNT = _("A number above 0, up to 1."), _("A whole number from 1 to 9, or 10 for never.")
# What the policy's numbers are called, what they mean, and what they may be.
THRESHOLDS = {
    "frustration": (_("Frustration for a handoff"), _("From here on a person is brought in."), _SHARE),
    "apology": (
        _("Displeasure for an apology"),
        _("From so much in one message on, the bot begins with an apology and offers a person."),
        _SHARE,
    ),
    "not_understood_in_a_row": (
        _("Not understood in a row"),
        _("After so many messages that the bot could not make sense of, a person is brought in."),
        _COUNT,
    ),
    "failed_in_a_row": (
        _("Failed in a row"),
        _("After so many turns in which the bot failed for technical reasons, a person is brought in."),
        _COUNT,
    ),
}
_WEIGHT, _ABOVE_0 = _("A number from 0 to 1."), _("A number above 0.")
# The names of sentiment.frustration.EDITABLE.
WEIGHTS = {
    "anger": (_("Anger"), _("Furious in so many words."), _WEIGHT),
    "abuse": (_("Insult"), _("Insulting words, at us or at anybody."), _WEIGHT),
    "legal_threat": (_("Legal threat"), _("Courts, lawyers, authorities, a public complaint."), _WEIGHT),
    "churn_threat": (
        _("Wants to leave"),
        _("Leaving out of displeasure; a calm cancellation does not count."),
        _WEIGHT,
    ),
    "vulnerable": (
        _("In distress"),
        _("Illness, bereavement, hardship, self-harm. It is not anger, and has a rule of its own."),
        _WEIGHT,
    ),
    "misunderstood": (_("Feels misunderstood"), _("Says that the bot did not get it."), _WEIGHT),
    "displeasure": (_("Displeasure"), _("Multiplied by how negative the message is."), _WEIGHT),
    "displeasure_from": (_("Displeasure begins at"), _("A message less negative than this is a calm report."), _WEIGHT),
    "repeat": (_("Repetition"), _("Said or asked the same thing again."), _WEIGHT),
    "not_understood": (_("Not understood"), _("The bot did not understand a message."), _WEIGHT),
    "waiting": (_("Waiting"), _("Multiplied by the share of the full waiting time that has passed."), _WEIGHT),
    "waiting_full_minutes": (_("Full waiting time, minutes"), _("From here on waiting weighs all it can."), _ABOVE_0),
    "low_rating": (
        _("Earlier low rating"),
        _("The contact last rated a conversation 1 or 2 of 5; by itself it hands nothing off."),
        _WEIGHT,
    ),
    "low_rating_days": (
        _("A low rating is remembered, days"),
        _("It weighs less each day, and nothing after so many."),
        _ABOVE_0,
    ),
    "asked_for_person": (_("Asked for a person"), _("On top of the handoff, which follows at once."), _WEIGHT),
    "relief_thanks": (
        _("Relief by thanks"),
        _("This share of the frustration goes when the contact is pleased."),
        _WEIGHT,
    ),
    "relief_answered": (
        _("Relief by an answer"),
        _("This share goes when an answer was given and the next message is calm and new."),
        _WEIGHT,
    ),
    "decay": (_("Memory"), _("This share of what a message added is left one message later."), _WEIGHT),
}
# The codes of sentiment.frustration.CauseCode.
CAUSES = {
    "anger": _("wrote in anger"),
    "abuse": _("used insulting words"),
    "churn_threat": _("says they will leave us"),
    "legal_threat": _("speaks of legal steps or a public complaint"),
    "vulnerable": _("may be in distress; take special care"),
    "danger": _("speaks of self-harm or of a life in danger; answer this first"),
    "misunderstood": _("says that the bot did not get it"),
    "displeasure": _("is displeased"),
    "repeat": _("had to say the same thing again"),
    "not_understood": _("was not understood by the bot"),
    "waiting": _("has been waiting"),
    "rated_1": _("rated an earlier conversation 1 of 5"),
    "rated_2": _("rated an earlier conversation 2 of 5"),
    "asked_for_person": _("asked for a person"),
}
UNKNOWN_CAUSE = _("something else weighed on the mood")
# Short forms of the signals, for a mark on a message.
SIGNALS = {
    "anger": _("Anger"),
    "abuse": _("Insult"),
    "churn_threat": _("Wants to leave"),
    "legal_threat": _("Legal threat"),
    "vulnerable": _("In distress"),
    "danger": _("A life may be in danger"),
    "misunderstood": _("Feels misunderstood"),
}
MOODS = {"calm": _("Calm"), "tense": _("Tense"), "upset": _("Upset")}
# What a contact can mean; the names are bot.names.Intents.
INTENTS = {
    "greet": _("Greeting"),
    "goodbye": _("Goodbye"),
    "thanks": _("Thanks"),
    "affirm": _("Agreement"),
    "deny": _("Refusal"),
    "ask_knowledge": _("A question for the knowledge base"),
    "doubt": _("The answer did not help"),
    "request_refund": _("Wants money back"),
    "request_invoice": _("Wants an invoice"),
    "order_status": _("State of an order or enrolment"),
    "payment_trouble": _("Trouble with a payment"),
    "cancel_purchase": _("Cancel a purchase"),
    "change_details": _("Change details"),
    "sign_in_trouble": _("Trouble signing in"),
    "technical_trouble": _("Technical trouble"),
    "open_ticket": _("Open a ticket"),
    "ticket_status": _("State of a ticket"),
    "add_to_ticket": _("Add to a ticket"),
    "close_ticket": _("Close a ticket"),
    "talk_to_person": _("Talk to a person"),
    "complaint": _("Complaint"),
    "cancel": _("Stop what is going on"),
    "go_back": _("Go a step back"),
    "rate_conversation": _("Rate the conversation"),
    "inform": _("Only a number or an address"),
    "ask_again": _("Say it more clearly"),
    "announce_question": _("Has a question, and has not asked it yet"),
    "switch_language": _("Another language, please"),
    "bot_challenge": _("Are you a bot?"),
    "small_talk": _("Small talk"),
    "abuse": _("Insult in words"),
    "out_of_scope": _("Out of scope"),
}


# What a person may say of a message. The first is said often, and the list is long.
LABELS = {TEACHES_NOTHING: _("Teaches nothing"), **INTENTS}
# Why it is asked what a message means.
LABEL_REASONS = {
    Reason.contradicted: _("The contact said that this was not meant"),
    Reason.mended: _("We answered in person or apologised"),
    Reason.unsure: _("The bot was unsure"),
}


class ModelState(StrEnum):
    """What a kept model of the bot is just now."""

    serves = "serves"
    serves_next = "serves_next"
    candidate = "candidate"
    earlier = "earlier"


class TrialState(StrEnum):
    """What is known of how a kept model does beside another."""

    tried = "tried"
    under_way = "under_way"
    broken_off = "broken_off"
    untried = "untried"


MODEL_STATES = {
    ModelState.serves: _("Serves"),
    ModelState.serves_next: _("Serves from Rasa's next start on"),
    ModelState.candidate: _("Never served"),
    ModelState.earlier: _("Served earlier"),
}
MODEL_TONES = {ModelState.serves: "good", ModelState.serves_next: "accent"}
TRIAL_STATES = {
    TrialState.untried: _("Not tried: there was nothing to compare it with."),
    TrialState.under_way: _("It is being tried."),
    TrialState.broken_off: _("Its trial was broken off."),
}
TRAINING_STAGES = {
    Stages.TRAINING: _("The bot is being trained"),
    Stages.TRIAL: _("The new model is being tried beside the one that serves"),
}
TRAINING_ENDINGS = {
    Endings.SERVES: _("The new model serves."),
    Endings.SERVES_NEXT: _(
        "The new model was chosen, and Rasa could not be told: it serves from Rasa's next start on."
    ),
    Endings.WORSE: _(
        "The new model did worse in its trial, so the earlier one goes on serving. You can choose it all the same."
    ),
    Endings.KEPT: _(
        "Another model was chosen during the trial and goes on serving. You can choose the new one all the same."
    ),
    Endings.REFUSED: _("Rasa could not load the new model; the earlier one goes on serving."),
    Endings.FAILED: _("The training failed; the earlier model goes on serving."),
    Endings.BROKEN_OFF: _("The training was broken off; the earlier model goes on serving. Start it again."),
}
