"""Several wishes in one message."""

import pytest

from bot.wishes import find_wishes, only_reports_request, wish_instead


class TestFindWishes:
    @pytest.mark.parametrize(
        ("text", "wishes"),
        [
            ("سفارشم رو لغو کنید و پولم رو پس بدید", ["cancel_purchase", "request_refund"]),
            ("please send me the invoice and tell me where my parcel is", ["order_status", "request_invoice"]),
            ("وصلم کن به اپراتور، سفارشم هم نرسیده", ["talk_to_person", "order_status"]),
            (
                "cancel my order, send me the invoice and change my address",
                ["cancel_purchase", "change_details", "request_invoice"],
            ),
            (
                "سفارشم رو لغو کنید، فاکتور رو بفرستید و آدرسم رو هم عوض کنید",
                ["cancel_purchase", "change_details", "request_invoice"],
            ),
            ("I need the invoice of last month. آدرسم رو هم عوض کن", ["change_details", "request_invoice"]),
            ("فاکتورم هم بفرستید آدرسم هم عوض کنید", ["change_details", "request_invoice"]),
        ],
    )
    def test_gives_the_more_urgent_first(self, text: str, wishes: list[str]) -> None:
        assert find_wishes(text) == wishes

    @pytest.mark.parametrize(
        "text",
        ["", "سلام، پولم رو کی پس می‌دید؟", "hello, I was charged twice", "پول از حسابم کم شده ولی ثبت‌نامم انجام نشده"],
    )
    def test_finds_no_several_where_there_is_one(self, text: str) -> None:
        assert len(find_wishes(text)) < 2

    @pytest.mark.parametrize(
        "text",
        [
            "add to my ticket that my order never came and I want a refund",
            "به تیکتم اضافه کن که پولم رو پس ندادید و سفارشم نرسیده",
        ],
    )
    def test_takes_a_note_for_no_wishes(self, text: str) -> None:
        assert find_wishes(text) == []

    @pytest.mark.parametrize(
        "text",
        [
            "وصلم کن به اپراتور، سفارشم هم نرسیده",
            "سفارشم نرسیده و می‌خوام با یه نفر صحبت کنم",
            "سفارشم نرسیده، لطفاً وصلم کنید به پشتیبانی",
            "سفارشم کجاست؟ می‌خوام با کارشناستون گفت و گو کنم",
            "سفارشم کجاست؟ یه آدم واقعی می‌خوام",
            "اپراتور می‌خوام. سفارشم کجاست",
            "سفارشم کجاست؟ گفتم با یه کارشناس صحبت کنم",
            "where is my order and can I speak to someone",
            "where is my order, I need a human",
            "where is my order? Get me a real person please",
            "where is my order? transfer me to an agent",
            "where is my order? operator please",
            "sefaresham nareside va mikham ba operator sohbat konam",
        ],
    )
    def test_hears_who_asks_for_a_person(self, text: str) -> None:
        assert find_wishes(text)[:2] == ["talk_to_person", "order_status"]

    @pytest.mark.parametrize(
        ("text", "wishes"),
        [
            ("human resources course, how much is it", ["ask_knowledge"]),
            ("I speak to a lot of customers, how much is the CRM course", ["ask_knowledge"]),
            ("I need operator access, how much is it", ["ask_knowledge"]),
            ("I speak to my manager today, how much is the CRM course", ["ask_knowledge"]),
            ("پول دو بار از کارتم کم شده و اپراتور جواب نداد", ["payment_trouble"]),
            ("با کارشناس شما صحبت کردم، سفارشم نرسیده", ["order_status"]),
            ("باید با مدیرم صحبت کنم، قیمت دوره چنده", ["ask_knowledge"]),
        ],
    )
    def test_takes_no_person_who_is_only_spoken_of(self, text: str, wishes: list[str]) -> None:
        assert find_wishes(text) == wishes

    def test_takes_one_who_is_spoken_of_where_the_classifier_thinks_of_one_too(self) -> None:
        text = "اپراتور کجاست؟ سفارشم نرسیده"

        assert find_wishes(text, likeliest=["order_status", "talk_to_person"]) == ["talk_to_person", "order_status"]
        assert find_wishes(text, likeliest=["order_status", "complaint"]) == ["order_status"]

    @pytest.mark.parametrize(
        "text",
        [
            "سفارشم نرسیده. کارشناس شما گفت با یک کارشناس دیگه صحبت کنم",
            "my order hasn't arrived, the human agent told me to speak to a supervisor",
        ],
    )
    def test_takes_what_somebody_else_said_for_no_wish(self, text: str) -> None:
        assert find_wishes(text, likeliest=["order_status", "talk_to_person"]) == ["order_status"]

    def test_takes_no_refusal_for_a_wish(self) -> None:
        assert find_wishes("I don't want to cancel my order, I just want to change my address") == ["change_details"]

    def test_reads_a_hostile_text_without_losing_its_way(self) -> None:
        assert find_wishes("پول " * 50_000 + "و " * 50_000) == []
        assert find_wishes("با اپراتور " * 5_000 + "talk to a " * 5_000) == []


class TestOnlyReportsRequest:
    @pytest.mark.parametrize(
        "text",
        [
            "کارشناس شما گفت با یک کارشناس دیگه صحبت کنم",
            "همکارتون گفته بود به اپراتور زنگ بزنم، ولی جواب نمی‌ده",
            "the agent told me to speak to a human",
            "I was told to talk to a supervisor",
            "your operator said I should talk to another agent",
        ],
    )
    def test_is_so_where_only_others_asked(self, text: str) -> None:
        assert only_reports_request(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "سفارشم نرسیده",
            "گفتم با یه کارشناس صحبت کنم",
            "می‌خوام با یه کارشناس گفت و گو کنم",
            "I said I want to talk to a human",
            "I told you to connect me to a human",
            "your agent told me to wait, but I want to talk to a human",
        ],
    )
    def test_is_not_so_where_the_contact_asks(self, text: str) -> None:
        assert not only_reports_request(text)


class TestWishInstead:
    @pytest.mark.parametrize(
        ("text", "heard"),
        [
            ("لازم نیست با کارشناس صحبت کنم", "talk_to_person"),
            ("نمی‌خوام پولم رو پس بگیرم", "request_refund"),
            ("فاکتور نمی‌خوام", "request_invoice"),
            ("لطفاً سفارشم رو لغو نکنید", "cancel_purchase"),
            ("تیکت HM-1042 رو نبندید", "close_ticket"),
            ("نیازی نیست فاکتور بفرستید، ممنون", "request_invoice"),
            ("please don't cancel my order", "cancel_purchase"),
            ("don't close my ticket yet", "close_ticket"),
            ("no need for an invoice, thanks", "request_invoice"),
            ("I didn't ask for a refund", "request_refund"),
            ("لطفا پولم رو پس ندید", "request_refund"),
            ("نمی‌خوام آدرسم رو عوض کنم", "change_details"),
            ("احتیاجی به صحبت با پشتیبانی ندارم", "talk_to_person"),
            ("no refund needed", "request_refund"),
            ("nemikham ba operator sohbat konam", "talk_to_person"),
        ],
    )
    def test_is_a_no_where_nothing_else_is_asked_for(self, text: str, heard: str) -> None:
        assert wish_instead(text, heard) == "deny"

    @pytest.mark.parametrize(
        ("text", "heard", "wish"),
        [
            ("نمی‌خوام سفارشم رو کنسل کنم، فقط بگید کی می‌رسه", "cancel_purchase", "order_status"),
            ("نمی‌خوام سفارشم رو کنسل کنم فقط آدرسم رو عوض کنید", "cancel_purchase", "change_details"),
            ("نمی‌خوام با کسی حرف بزنم، فقط فاکتورم رو بفرستید", "talk_to_person", "request_invoice"),
            ("I do not want to talk to an agent, tell me the price", "talk_to_person", "ask_knowledge"),
            ("I don't need a refund, just a replacement", "request_refund", "ask_knowledge"),
            ("I don't want to cancel but where is my order?", "cancel_purchase", "order_status"),
        ],
    )
    def test_is_what_the_other_clause_names(self, text: str, heard: str, wish: str) -> None:
        assert wish_instead(text, heard) == wish

    @pytest.mark.parametrize(
        ("text", "heard"),
        [
            ("نمی‌خوام با ربات حرف بزنم", "talk_to_person"),
            ("I don't want to talk to a bot, get me a person", "talk_to_person"),
            ("نمی‌خوام بیشتر از این منتظر کارشناس بمونم", "talk_to_person"),
            ("پولم رو پس ندادید", "request_refund"),
            ("نمی‌خواید پولم رو پس بدید؟", "request_refund"),
            ("why don't you refund me", "request_refund"),
            ("you did not refund me", "request_refund"),
            ("I don't want to wait for my refund any longer", "request_refund"),
            ("این محصول رو نمی‌خوام، پولم رو پس بدید", "request_refund"),
            ("دیگه این سفارش رو نمی‌خوام، لغوش کنید", "cancel_purchase"),
            ("اشتراکم رو نمی‌خوام ادامه بدم لغو کنید", "cancel_purchase"),
            ("I never got my invoice", "request_invoice"),
            ("لازم نیست فاکتور بفرستم؟", "request_invoice"),
            ("دیگه نیازی به تیکت نیست ببندیدش", "close_ticket"),
            ("نمیخوام لغوش کنم میخوام تاریخش رو عوض کنم", "change_details"),
            ("به جای محصول جایگزین پولم رو پس بدید", "request_refund"),
            ("I don't want excuses I want a refund", "request_refund"),
            ("این دوره رو دیگه نمی‌خوام سفارشم رو لغو کنید", "cancel_purchase"),
            ("how come you don't want to refund me", "request_refund"),
            ("are you not planning to refund me", "request_refund"),
            ("it's not like my refund came", "request_refund"),
            ("کسی پولم رو ندید", "request_refund"),
            ("پولم رو پس ندید شکایت می‌کنم", "request_refund"),
            ("سلام", "greet"),
            ("", "deny"),
        ],
    )
    def test_is_none_where_nothing_is_surely_refused(self, text: str, heard: str) -> None:
        assert wish_instead(text, heard) is None

    @pytest.mark.parametrize("text", ["don't want " * 5_000, "نمی‌خوام پولم " * 5_000, "no need to get " * 3_000])
    def test_reads_a_hostile_text_without_losing_its_way(self, text: str) -> None:
        wish_instead(text, "request_refund")
