"""What a mail looks like."""

from connectors.email.markup import Link, to_page, to_plain


class TestLinks:
    def test_say_what_is_noted_of_an_article(self):
        links = [
            Link("Refunds", "https://help.example/refunds", "Last changed <i>"),
            Link("CRM", "https://help.example"),
        ]

        plain = to_plain(["Ten days."], links)
        page = to_page(["Ten days."], links, language="en")

        assert plain == (
            "Ten days.\n\nRefunds\nLast changed <i>\nhttps://help.example/refunds\n\nCRM\nhttps://help.example\n"
        )
        assert "<small>Last changed &lt;i&gt;</small>" in page
        assert page.count("<small>") == 1
