"""Hearing in which language somebody wants to be answered."""

import pytest

from language.wanted import is_about_speaking, wanted_language


class TestWantedLanguage:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("به انگلیسی بگو", "en"),
            ("انگليسي بگو", "en"),
            ("say it in English", "en"),
            ("English please", "en"),
            ("میشه انگلیسی جواب بدید؟", "en"),
            ("I don't speak Persian", "en"),
            ("be englisi benevis lotfan", "en"),
            ("فارسی بگو", "fa"),
            ("فارسی", "fa"),
            ("can you answer in persian please", "fa"),
            ("انگلیسی بلد نیستم", "fa"),
            ("farsi begu", "fa"),
            ("باز فارسی بگو", "fa"),
        ],
    )
    def test_is_heard_where_it_is_asked_for(self, text: str, language: str) -> None:
        assert wanted_language(text) == language

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "گواهی انگلیسی میدید؟",
            "is the certificate in English?",
            "how do I change the panel to English",
            "دوره زبان انگلیسی دارید؟",
            "translate this sentence into German",
            "کلاس‌ها به فارسی است؟",
            "please " * 5_000,
        ],
    )
    def test_is_none_where_a_language_is_only_spoken_of(self, text: str) -> None:
        assert wanted_language(text) is None


class TestIsAboutSpeaking:
    @pytest.mark.parametrize("text", ["ترکی بلدی؟", "do you speak German?", "زبان چت رو عوض کن", "¿habla español?"])
    def test_any_language(self, text: str) -> None:
        assert is_about_speaking(text)

    @pytest.mark.parametrize("text", ["و به فارسی قسطش چجوریه", "گواهی شما بین‌المللیه؟", "نوشته پارس گستر"])
    def test_and_not_about_what_is_only_in_one(self, text: str) -> None:
        assert not is_about_speaking(text)
