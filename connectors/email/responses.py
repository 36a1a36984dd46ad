"""Names of the responses that the connector says; the words are in domain.yml."""

from typing import Final

SUBJECT: Final = "utter_email_subject"
CHOOSE: Final = "utter_email_choose"
RATE: Final = "utter_email_rate"
FILE_REFUSED: Final = "utter_email_file_refused"
EMPTY: Final = "utter_email_empty"
REFUTED: Final = "utter_email_refuted"

# What stands for a file without words, by the first half of its type; also what Telegram's files are called.
PLACEHOLDERS: Final = {
    "image": "utter_telegram_photo",
    "audio": "utter_telegram_audio",
    "video": "utter_telegram_video",
    "application": "utter_telegram_document",
}

ALL: Final = (SUBJECT, CHOOSE, RATE, FILE_REFUSED, EMPTY, REFUTED, *PLACEHOLDERS.values())
