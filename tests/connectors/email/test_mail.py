"""Mails as they come over the wire."""

import pytest

from connectors.email.html_text import to_text
from connectors.email.mail import MAX_TEXT_BYTES, Mail, read_mail
from connectors.email.quotes import without_quotes

OWN = "support@hamyar.example"


def read(headers: str = "", body: str | bytes = "hello") -> Mail:
    content = body.encode() if isinstance(body, str) else body
    found = read_mail(f"From: Sara <sara@customer.example>\n{headers}\n".encode() + b"\n" + content, own_address=OWN)
    assert found
    return found


class TestReadMail:
    def test_reads_names_subjects_and_texts_in_their_charsets(self):
        raw = "From: =?windows-1256?B?" + "U2FyYQ==" + "?= <Sara@Customer.example>\nSubject: =?utf-8?B?2LPZhNin2YU=?=\n"
        raw += "Content-Type: text/plain; charset=windows-1256\n\n"

        mail = read_mail(raw.encode() + "سلام".encode("windows-1256"), own_address=OWN)

        assert mail
        assert (mail.name, mail.address, mail.subject, mail.text) == ("Sara", "sara@customer.example", "سلام", "سلام")

    def test_guesses_where_a_charset_is_unknown_or_wrong(self):
        assert read("Content-Type: text/plain; charset=no-such", "سلام").text == "سلام"
        assert read("Content-Type: text/plain; charset=us-ascii", "سلام").text == "سلام"
        assert read("Content-Type: text/plain; charset=utf-8", "سلام".encode("windows-1256")).text == "سلام"
        assert read("Content-Type: text/plain; charset=punycode", "سلام").text == "سلام"

    def test_reads_persian_on_where_a_letter_is_cut_off_or_a_footer_is_in_another_charset(self):
        long = "سفارش من هنوز نرسیده است. " * 9_000

        cut = [read("Content-Type: text/plain; charset=utf-8", f"{'x' * odd}{long}").text for odd in (0, 1)]
        foreign = read("Content-Type: text/plain; charset=utf-8", f"{long[:200]}\n-- Caf".encode() + b"\xe9").text

        assert all("سفارش من هنوز نرسیده است." in text for text in (*cut, foreign))

    @pytest.mark.parametrize(
        ("sender", "name", "address"),
        [
            ("Karimi, Ali <ali@customer.example>", "Karimi, Ali", "ali@customer.example"),
            ("Ali [VIP] <ali@customer.example>", "Ali [VIP]", "ali@customer.example"),
            ('"Ali <ali@customer.example>', "Ali", "ali@customer.example"),
            ('"Karimi, \\"Ali\\"" <ali@customer.example>', 'Karimi, "Ali"', "ali@customer.example"),
            ("Ali @ Shop <ali@customer.example>", "Ali @ Shop", "ali@customer.example"),
            ("=?utf-8?Q?Ali,_Reza?= <ali@customer.example>", "Ali, Reza", "ali@customer.example"),
            ("info@karimi.example <karimi@shop.example>", "info@karimi.example", "karimi@shop.example"),
            ("ali@customer.example (Ali Karimi)", "Ali Karimi", "ali@customer.example"),
        ],
    )
    def test_knows_a_sender_who_is_written_carelessly(self, sender: str, name: str, address: str):
        mail = read_mail(f"From: {sender}\n\nx".encode(), own_address=OWN)

        assert mail
        assert (mail.name, mail.address) == (name, address)

    @pytest.mark.parametrize("charset", ["", "Content-Type: text/plain; charset=utf-8"])
    def test_takes_utf_8_for_what_it_is_though_half_a_letter_or_a_foreign_one_stands_in_it(self, charset: str):
        text = "سلام، سفارش من نرسیده است."

        assert read(charset, (text + "ش").encode()[:-1]).text == text
        assert read(charset, text.encode() + b"\nCaf\xe9 gateway").text == f"{text}\nCaf\ufffd gateway"
        assert read(charset, ("My order " * 50 + "نشد").encode("windows-1256")).text.endswith("نشد")

    def test_reads_a_text_up_to_a_letter_where_it_is_too_long(self):
        for more in range(2):
            text = read("Content-Type: text/plain; charset=utf-8", "." * more + "ش" * MAX_TEXT_BYTES).text
            assert set(text[1:]) == {"ش"}

    def test_prefers_plain_text_and_makes_it_of_html(self):
        both = "--b\nContent-Type: text/html\n\n<b>rich</b>\n--b\nContent-Type: text/plain\n\nplain\n--b--\n"
        assert read('Content-Type: multipart/alternative; boundary="b"', both).text == "plain"
        assert read("Content-Type: text/html", "<p>a</p><script>x()</script>b").text == "a\n\nb"

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\0\0\0",
            b"From: sara@customer.example\nContent-Type: multipart/mixed\n\nno boundary",
            b"From: sara@customer.example\nContent-Transfer-Encoding: base64\n\n!!!not base64",
            b"From: sara@customer.example\nSubject: =?utf-8?b?%%%?=\n\nx",
            b"From: sara@customer.example\nContent-Type: text/plain; charset==?x?=;;;\n\n\xff\xfe",
            b"From: sara@customer.example\nContent-Disposition: attachment; filename*=nope''%ff%zz\n\nx",
            b"From: sara@customer.example\n"
            + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
        ],
    )
    def test_never_fails(self, raw: bytes):
        mail = read_mail(raw, own_address=OWN)

        assert mail is None or mail.address == "sara@customer.example"

    def test_keeps_nul_and_turning_marks_out_of_names(self):
        mail = read("Subject: a\0b\u202etxt.exe", "nul \0 here")

        assert "\0" not in mail.subject + mail.text
        assert "\u202e" not in mail.subject

    @pytest.mark.parametrize("sender", ["", "nobody", "a@b@c", "<>", "a b@c.example", "x" * 300 + "@c.example"])
    def test_knows_who_cannot_be_answered(self, sender: str):
        assert read_mail(f"From: {sender}\n\nx".encode(), own_address=OWN) is None

    @pytest.mark.parametrize(("depth", "lines"), [(51, 10), (30, 700_000)])
    def test_reads_no_more_than_the_headers_where_parts_are_made_to_take_long(self, depth: int, lines: int):
        raw = b"From: a@b.example\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n"
        raw += b"".join(b"Content-Type:\x1c multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))

        mail = read_mail(raw + b"\n" * lines, own_address=OWN)

        assert mail
        assert (mail.address, mail.subject, mail.text) == ("a@b.example", "x", "")

    @pytest.mark.parametrize(
        ("results", "is_refuted"),
        [
            (["mx.example; spf=pass smtp.mailfrom=a@b.example; dmarc=fail (p=NONE) header.from=b.example"], True),
            (["mx.example;\r\n\tspf=fail;\r\n\tDMARC = Fail"], True),
            (["mx.example; dmarc=pass (said: ; dmarc=fail) header.from=b.example"], False),
            (["mx.example; spf=fail; dmarc=none"], False),
            # Below our server's there may stand anybody's.
            (["mx.example; dmarc=pass", "evil.example; dmarc=fail"], False),
            (["mx.example; dmarc=fail", "evil.example; dmarc=pass"], True),
            ([], False),
        ],
    )
    def test_knows_whom_our_server_doubts(self, results: list[str], is_refuted: bool):
        assert read("".join(f"Authentication-Results: {one}\r\n" for one in results)).is_refuted is is_refuted

    def test_takes_no_files_of_one_that_is_cut_off(self):
        raw = b'From: a@b.example\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\ntext\n--b\n'
        raw += b"Content-Type: image/png\nContent-Disposition: attachment; filename=a.png\n\n\x89PNG\r\n\x1a\n"

        mail = read_mail(raw, own_address=OWN, is_whole=False)

        assert mail
        assert (mail.text, mail.files) == ("text", ())

    @pytest.mark.parametrize(
        "header",
        [
            "Auto-Submitted: auto-generated",
            "Precedence: list",
            "X-Auto-Response-Suppress: DR, OOF, AutoReply",
            "Return-Path: <>",
            "List-Id: <news.example>",
            'Content-Type: multipart/report; boundary="b"',
        ],
    )
    def test_knows_what_a_machine_wrote(self, header: str):
        assert read(header).is_automatic
        assert not read("Auto-Submitted: no\nReturn-Path: <sara@customer.example>").is_automatic

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            ("Reporting-MTA: dns; x\n\nAction: Failed\nStatus: 5.1.1", "5.1.1"),
            ("Action: failed (no such user)\nDiagnostic-Code: smtp; 550 no\n such user", "smtp; 550 no such user"),
            ("Action: delayed\nStatus: 4.2.2\n\nAction: failed\nStatus: 5.2.2", "5.2.2"),
        ],
    )
    def test_reads_which_mail_came_back_and_why(self, status: str, error: str):
        bounce = read(REPORT, report_of(status)).bounce

        assert bounce
        assert (bounce.message_ids, bounce.error) == (("<ours@hamyar.example>",), error)

    @pytest.mark.parametrize(
        "status", ["Action: delayed", "Action: delivered", "Status: 5.2.2", "failed", "\xff: \0", ""]
    )
    def test_takes_no_other_report_for_one_of_a_failure(self, status: str):
        assert read(REPORT, report_of(status)).bounce is None
        assert read("", report_of("Action: failed")).bounce is None


REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'


def report_of(status: str) -> str:
    """A report's parts: what became of a mail, and the mail."""
    returned = "--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@hamyar.example>\n\nhello\n--b--\n"
    return f"--b\nContent-Type: message/delivery-status\n\n{status}\n\n{returned}"


GMAIL_FA = (
    "\u202bدر تاریخ دوشنبه ۲۳ نوامبر ۲۰۲۶ در ۱۲:۰۰ \u202aهمیار\u202c\u200f <\u202as@x.ir\u202c\u200f> نوشت:\u202c"
)


class TestWithoutQuotes:
    @pytest.mark.parametrize(
        "quoted",
        [
            f"{GMAIL_FA}\n\n> سلام",
            "در تاریخ دوشنبه ۲۳ نوامبر ۲۰۲۶، ساعت ۱۲:۰۰ همیار <\nsupport@hamyar.example> نوشت:\n\n> سلام",
            "On Mon, Nov 23, 2026 at 12:00 PM Hamyar <s@x.example>\nwrote:\n\n> hi",
            "________________________________\nFrom: a <a@x>\nSent: Monday\nTo: b\nSubject: x\n\nhi",
            "از: همیار <s@x.ir>\nارسال شده: دوشنبه\nبه: سارا\nموضوع: پاسخ\n\nسلام",
            "From: a <a@x>\nDate: Monday\nTo: b\nSubject: x\n\nhi",
            "-----Original Message-----\nFrom: x",
            "ارسال‌شده از iPhone من\n\n> در ۲ آذر ۱۴۰۵، ساعت ۱۲:۰۰، همیار <s@x.ir> نوشت:\n> \n> سلام",
            "Sent from my iPhone\n\n> On 23 Nov 2026, at 12:00, Hamyar <s@x.example> wrote:\n> \n> hi",
            "-- \nسارا\n09120000000",
            "--\nسارا محمدی\nمدیر فروش شرکت نمونه\nتلفن: ۰۲۱-۸۸۸۸۸۸۸۸",
            "--\nSara\nsara@customer.example\nSent from my iPhone",
            "--",
            "در ۱۴۰۵/۹/۲، ساعت ۱۲:۰۰، همیار نوشت:\n\nسلام",
            "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
            "Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows 10",
            "Sent from my Samsung Galaxy S21 smartphone.",
            "Sent from Yahoo Mail on Android",
            "Yahoo Mail: Search, Organize, Conquer\n\nOn Mon, 23 Nov 2026 at 12:00, Hamyar\n<s@x.example> wrote:\nhi",
            "ارسال شده از آی‌فون من",
            "فرستاده شده از گوشی هوشمند سامسونگ من",
            "ارسال شده از Outlook برای Android",
            "دریافت Outlook برای iOS",
        ],
    )
    def test_keeps_the_writers_own_words(self, quoted: str):
        assert without_quotes(f"ممنون، رسید.\nخط دوم\n\n{quoted}\n") == "ممنون، رسید.\nخط دوم"

    @pytest.mark.parametrize("gap", ["\n", "\n\n"])
    def test_keeps_a_number_that_stands_above(self, gap: str):
        assert without_quotes(f"۲.{gap}{GMAIL_FA}\n> کدام؟") == "۲."

    def test_keeps_answers_between_quoted_lines(self):
        text = "On Mon 23, Hamyar <s@x.example> wrote:\n> which one?\nthe first\n> when?\ntomorrow"

        assert without_quotes(text) == "the first\ntomorrow"

    @pytest.mark.parametrize("word", ["11", "5g", "a1", "my", "iphone", "گوشی", "-"])
    def test_reads_hostile_lines_in_no_time(self, word: str):
        text = f"Sent from {f'{word} ' * 60}x"

        assert without_quotes(text) == text

    def test_keeps_what_was_forwarded(self):
        text = "See:\n---------- Forwarded message ---------\nFrom: x\nDate: a\nTo: b\n\nthe matter"

        assert without_quotes(text) == text

    @pytest.mark.parametrize(
        "text",
        [
            "> only quoted",
            "او در سال ۱۲ نوشت:\nکتاب خوبی بود",
            "From: now on\nTo: you",
            "سلام\nاز: تهران\nبه: شیراز\nتاریخ: ۵ مرداد\nلطفاً تاریخ را عوض کنید",
            "در تاریخ ۱۲ مرداد پشتیبان شما برایم نوشت:\nپول تا فردا برمی‌گردد\nولی هنوز برنگشته است.",
            "Hello\n--\nmy order is late",
            "ارسال شده با پست پیشتاز ولی هنوز نرسیده",
            "سلام\nارسال‌شده توسط شما اشتباه بود",
            "Where is it?\nSent from the warehouse two weeks ago, still nothing.",
            "Where is it?\nSent from Samsung two weeks ago, still nothing.",
            "سلام\nدریافت گوشی",
            "سلام\nارسال شده از تهران، دو هفته است نرسیده",
            "سلام\nارسال شده با پست، گوشی سامسونگ هنوز نرسیده",
            "On 5 May your agent wrote:\nit comes tomorrow\nand it did not",
            "سلام، کجاست؟\n--\nسفارش ۱۲۳۴۵۶۷۸\nمیدان ونک",
            "Hello\n--\nplease call me, it is late\n09120000000",
        ],
    )
    def test_leaves_what_only_looks_like_it(self, text: str):
        assert without_quotes(text) == text


class TestToText:
    def test_leaves_out_what_mail_programs_quote(self):
        gmail = (
            '<div dir="rtl">ممنون</div><div class="gmail_quote"><div>… نوشت:</div><blockquote>سلام</blockquote></div>'
        )
        outlook = '<div>Yes</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: x</div><div>old</div>'
        apple = '<div>Yes</div><blockquote type="cite"><div>On … wrote:</div>old</blockquote>'

        assert (to_text(gmail), to_text(outlook), to_text(apple)) == ("ممنون", "Yes", "Yes")

    def test_never_fails(self):
        for html in ("", "\0", "<", "<?xml version='1.0' encoding='x'?><p>a", "<div>" * 5000, "<!--", "&#0;&#xD800;"):
            assert isinstance(to_text(html), str)
