"""Every word of the pages has its Persian."""

import re
from collections.abc import Iterator
from pathlib import Path

from crm.conversations.handoff_policy import IN_DANGER, HandoffPolicy
from crm.enums import HandoffReason
from sentiment.frustration import EDITABLE, CauseCode
from sentiment.mood import Signal
from web.desk import words
from web.translation import translate

WEB = Path(words.__file__).parent.parent
# The texts handed to `_(...)`, in templates and in Python alike; a text may go on over several literals.
CALL = re.compile(r"""(?<![\w.])_\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)""")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
PLACEHOLDER = re.compile(r"{(\w+)}")


def texts() -> Iterator[tuple[str, Path]]:
    for file in sorted([*WEB.rglob("*.html"), *WEB.rglob("*.py")]):
        for call in CALL.finditer(file.read_text(encoding="utf-8")):
            yield "".join(LITERAL.findall(call[1])), file


class TestPersianWords:
    def test_none_is_missing(self) -> None:
        found = dict(texts())
        assert len(found) > 50

        missing = {text: file.name for text, file in found.items() if translate(text, "fa") == text}

        assert not missing

    def test_they_keep_the_placeholders(self) -> None:
        for text, _file in texts():
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(translate(text, "fa"))), text

    def test_they_are_written_with_persian_letters(self) -> None:
        for text, _file in texts():
            # A spreadsheet names this one so in every language.
            persian = translate(text, "fa").replace("UTF-8", "")
            assert not set("يكةى٠١٢٣٤٥٦٧٨٩0123456789") & set(persian), text

    def test_the_other_ways_to_ask_are_called_as_their_field_is(self) -> None:
        field = translate("Other ways to ask", "fa")
        named = [translate(text, "fa") for text, _file in texts() if "other ways to ask" in text.lower()]

        assert len(named) > 3
        assert [text for text in named if field not in text] == []

    def test_what_is_missing_is_missed_in_one_way(self) -> None:
        assert translate("Without a label", "fa") == translate("No label", "fa")
        assert not [text for text, _file in texts() if re.search("بی‌(?:برچسب|توکن)", translate(text, "fa"))]

    def test_only_a_ticket_is_closed_since_a_conversation_that_has_ended_can_go_on(self) -> None:
        closed = translate("Closed", "fa")

        assert closed in translate("Once closed, a ticket cannot be changed any more.", "fa")
        assert not [text for text in ("Resolved", "Resolve") if closed in translate(text, "fa")]

    def test_the_firms_own_people_are_colleagues_and_only_a_role_is_called_otherwise(self) -> None:
        assert [text for text, _file in texts() if "کارشناس" in translate(text, "fa")] == ["Agent"]

    def test_a_message_is_long_and_only_a_voice_is_loud(self) -> None:
        said = [*WEB.rglob("*.js"), *WEB.rglob("*.po"), Path("domain.yml")]
        assert len(said) > 2

        assert [file.name for file in said if "بلند است" in file.read_text(encoding="utf-8")] == []


class TestCauses:
    def test_each_cause_of_frustration_has_its_words(self) -> None:
        assert set(words.CAUSES) == {code.value for code in CauseCode} | {IN_DANGER}
        assert set(words.SIGNALS) == {signal.value for signal in Signal} | {IN_DANGER}


class TestPolicy:
    def test_each_number_that_an_admin_may_change_has_its_words(self) -> None:
        assert set(words.WEIGHTS) == set(EDITABLE)
        assert set(words.THRESHOLDS) == {
            name for name, field in HandoffPolicy.model_fields.items() if field.annotation in (int, float)
        }
        assert set(words.HANDOFF_REASONS) == set(HandoffReason)


class TestFilePickers:
    def test_none_shows_the_words_of_the_browser(self) -> None:
        with_one = {file.name for file in WEB.rglob("*.html") if 'type="file"' in file.read_text(encoding="utf-8")}

        assert with_one == {"ui.html"}
