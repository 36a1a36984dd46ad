import pytest

from web.direction import direction_of


class TestDirectionOf:
    @pytest.mark.parametrize(
        "text",
        ["CRM چیست؟", "SLA یا توافق‌نامهٔ سطح خدمات", "سلام", "Salesforce و HubSpot را مقایسه کنید", "hi سلام"],
    )
    def test_persian_runs_from_right_to_left_whatever_its_first_letter(self, text: str) -> None:
        assert direction_of(text) == "rtl"

    @pytest.mark.parametrize(
        "text",
        [
            "What does «همیار» mean in English?",
            "hello",
            "Reset it: https://example.com/راه and s@example.com",
            "\u2068سارا کریمی\u2069 has joined the conversation.",
        ],
    )
    def test_english_runs_from_left_to_right_whatever_it_quotes(self, text: str) -> None:
        assert direction_of(text) == "ltr"

    @pytest.mark.parametrize("text", ["", "   ", "12:30", "۰۹۱۲", "https://example.com", "😡!!"])
    def test_what_has_no_words_is_left_to_the_browser(self, text: str) -> None:
        assert direction_of(text) == "auto"
