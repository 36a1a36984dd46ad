"""Names of the responses that the connector says; the words are in domain.yml."""

from typing import Final

START: Final = "utter_telegram_start"
HELP: Final = "utter_telegram_help"
ASK_PERSON: Final = "utter_telegram_ask_person"
START_OVER: Final = "utter_telegram_start_over"
ASK_LANGUAGE: Final = "utter_telegram_ask_language"
LANGUAGE_CHOSEN: Final = "utter_telegram_language_chosen"
CHOICE_GONE: Final = "utter_telegram_choice_gone"

# To agents, in their group or about it.
ALERT: Final = "utter_telegram_alert"
GROUP_PAIRED: Final = "utter_telegram_group_paired"
ACCOUNT_LINKED: Final = "utter_telegram_account_linked"
CODE_WRONG: Final = "utter_telegram_code_wrong"
ALERT_UNKNOWN: Final = "utter_telegram_alert_unknown"
ACCOUNT_UNKNOWN: Final = "utter_telegram_account_unknown"
REPLY_NOT_ALLOWED: Final = "utter_telegram_reply_not_allowed"
REPLY_WORDS_ONLY: Final = "utter_telegram_reply_words_only"
REPLY_REFUSED: Final = "utter_telegram_reply_refused"

# Shared with the rest of the product.
MESSAGE_TOO_LONG: Final = "utter_message_too_long"
MESSAGE_UNREADABLE: Final = "utter_message_unreadable"
RATING_REFUSED: Final = "utter_rating_refused"

# The menu that Telegram shows beside the text field.
COMMANDS: Final = {
    "start": "utter_telegram_command_start",
    "help": "utter_telegram_command_help",
    "human": "utter_telegram_command_human",
    "new": "utter_telegram_command_new",
    "language": "utter_telegram_command_language",
}

# What stands in the conversation for something that came without words: attribute of Telegram's message -> response.
# In this order, since an animation is also a document and a venue also a location.
PLACEHOLDERS: Final = {
    "photo": "utter_telegram_photo",
    "animation": "utter_telegram_video",
    "video": "utter_telegram_video",
    "video_note": "utter_telegram_video",
    "voice": "utter_telegram_voice",
    "audio": "utter_telegram_audio",
    "sticker": "utter_telegram_sticker",
    "document": "utter_telegram_document",
    "location": "utter_telegram_location",
    "contact": "utter_telegram_contact",
    "poll": "utter_telegram_poll",
    "dice": "utter_telegram_dice",
    "story": "utter_telegram_story",
    **dict.fromkeys(("game", "paid_media", "checklist", "invoice", "giveaway"), "utter_telegram_other"),
}

ALL: Final = (
    START,
    HELP,
    ASK_PERSON,
    START_OVER,
    ASK_LANGUAGE,
    LANGUAGE_CHOSEN,
    CHOICE_GONE,
    ALERT,
    GROUP_PAIRED,
    ACCOUNT_LINKED,
    CODE_WRONG,
    ALERT_UNKNOWN,
    ACCOUNT_UNKNOWN,
    REPLY_NOT_ALLOWED,
    REPLY_WORDS_ONLY,
    REPLY_REFUSED,
    MESSAGE_TOO_LONG,
    MESSAGE_UNREADABLE,
    RATING_REFUSED,
    *COMMANDS.values(),
    *dict.fromkeys(PLACEHOLDERS.values()),
)
