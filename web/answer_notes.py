"""What a contact is told of an answer beside its own words."""

from datetime import datetime, tzinfo

from web.dates import show_date
from web.translation import translate


class AnswerNotes:
    """Notes in the words of the help centre, which says the same of the same answer."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone

    def dated(self, changed_at: datetime, *, language: str) -> str:
        """When its article was last changed, by the reader's calendar."""
        return translate("Last changed on {day}", language, day=show_date(changed_at, language, self.zone))

    def foreign(self, *, language: str) -> str:
        """That it is in a language other than theirs."""
        return translate("This answer is not available in your language yet; here it is as it was written:", language)
