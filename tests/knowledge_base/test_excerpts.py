from knowledge_base.excerpts import MAX_CHARACTERS, MOST_TOGETHER, answering_part, excerpt, wanted
from knowledge_base.passages import PassageText

TIMES = "\n".join(
    f"{name}: Days {days}, 17:00 to 20:00 in the evening · First session the first one of the season"
    for name, days in [
        ("Fundamentals", "Saturday and Monday"),
        ("Sales", "Sunday and Tuesday"),
        ("Service", "Wednesday alone"),
        ("Analytics", "Thursday alone"),
        ("Automation", "Thursday again"),
        ("Reports", "Friday alone"),
    ]
)


def answer(question, *passages, likeness=None, title="", **weighed):
    near = likeness or [0.0] * len(passages)
    return answering_part(wanted([question], title=title, **weighed), passages, near)


def under(heading, text):
    return PassageText((heading,), text)


class TestExcerpt:
    def test_leaves_a_short_text_as_it_is(self):
        assert excerpt("One. Two.", "two") == "One. Two."

    def test_shows_the_sentences_around_the_one_that_answers(self):
        filler = "This sentence is here to make the text long enough to be cut. " * 8
        text = f"{filler}Refunds take seven working days. {filler}"

        part = excerpt(text, "how many days do refunds take")

        assert "Refunds take seven working days." in part
        assert part.startswith("… ")
        assert part.endswith(" …")
        assert len(part) <= MAX_CHARACTERS + 4

    def test_ends_a_long_sentence_after_a_whole_word_and_says_that_more_follows(self):
        sentence = "کالا را در بسته‌بندی اصلی به انبار بفرستید و " * 20

        part = excerpt(sentence, "کالا")

        assert part.endswith(" …")
        assert sentence.startswith(f"{part.removesuffix('…')}")
        assert len(part) <= MAX_CHARACTERS + 4

    def test_bounds_a_text_without_sentences(self):
        assert len(excerpt("x" * 5000, "x")) <= MAX_CHARACTERS + 4

    def test_never_begins_inside_a_table(self):
        rows = "\n".join(f"Course {name}: {name} evenings, every week" for name in ("one", "two", "three", "four"))
        after = " ".join(["Every course runs four times a year."] * 10)

        part = excerpt(f"Course: When\n{rows}\n{after}", "when does a course run in a year")

        assert "Course: When\nCourse one" in part or "Course " not in part

    def test_of_a_table_that_is_too_long_it_shows_the_rows_that_share_a_word_with_the_question(self):
        part = excerpt(TIMES, "when is sales")

        assert "Sales: Days Sunday and Tuesday" in part
        assert len(part) <= MAX_CHARACTERS + 4

    def test_keeps_the_names_of_the_columns_above_the_rows(self):
        rows = [f"Plan {number}: {'long words about what is in it ' * 3}{number}" for number in range(10)]

        part = excerpt("\n".join(["Plan: What is in it", *rows]), "what is in plan 7")

        assert part.startswith("Plan: What is in it\n")
        assert "Plan 7: " in part

    def test_shows_the_first_rows_of_a_table_that_shares_nothing_with_the_question(self):
        assert excerpt(TIMES, "قیمت").startswith("Fundamentals: ")


class TestAnsweringPart:
    def test_there_is_none_without_passages(self):
        assert answer("why?") is None

    def test_a_heading_that_holds_the_words_asked_for_decides(self):
        place = under("Where and when", "It is among your courses a day later." * 12)
        download = under("Download of a video", "Voices of others are in it, so it stays here." * 10)

        assert answer("can I download a video", place, download).startswith("Voices of others")

    def test_what_the_title_says_decides_nothing(self):
        lock = under("Thirty minutes", "Nobody can guess it meanwhile, and it opens by itself. " * 7)
        others = under("More", "Account deleted, account suspended, account locked for good. " * 7)

        part = answer("my account is locked", lock, others, title="My account is locked", likeness=[0.9, 0.0])

        assert part.startswith("Nobody can guess it")

    def test_a_rare_word_counts_for_more_than_common_ones(self):
        long = under("Rules", "You can do it and it is for all of you. " * 10)
        rare = under("Money", "No cheques. " * 38)

        part = answer("can you do it for a cheques", long, rare, weigh=lambda term: 9.0 if "cheq" in term else 0.1)

        assert "No cheques." in part

    def test_shows_a_question_above_its_answer(self):
        passage = under("Can we leave the tax out?", "Where a service is taxable we charge everybody.")

        assert answer("tax", passage) == "Can we leave the tax out?\nWhere a service is taxable we charge everybody."

    def test_shows_the_heading_of_what_leans_on_it(self):
        assert answer("مالیات", under("معافیت", "نه؛ از همه می‌گیریم.")).startswith("معافیت\n")
        assert answer("tax", under("Exempt", "Then somebody else pays.")).startswith("Exempt\n")
        assert answer("tax", under("Exempt", "• Firms\n• Schools")).startswith("Exempt\n")
        assert answer("tax", under("How", "1. Sign in.\n2. Pay.")).startswith("How\n")

    def test_leaves_a_text_that_stands_by_itself_without_its_heading(self):
        assert answer("tax", under("In short", "Taxes are in the price.")) == "Taxes are in the price."
        assert answer("tax", under("In short", "Italy has taxes.")) == "Italy has taxes."

    def test_shows_two_short_passages_where_either_may_be_meant(self):
        first, second = under("When", "A day later."), under("How long", "Half a year.")

        assert answer("recordings", first, second) == "When\nA day later.\n\nHow long\nHalf a year."

    def test_shows_one_passage_where_it_is_clear_which(self):
        first, second = under("When", "A day later."), under("How long", "Half a year.")

        assert answer("recordings", first, second, likeness=[0.0, 3.0]) == "Half a year."

    def test_two_passages_are_not_too_long_together(self):
        first, second = under("One", "One. " * 80), under("Two", "Two. " * 80)

        part = answer("three", first, second)

        assert "Two" not in part
        assert len(part) <= MOST_TOGETHER

    def test_the_wording_of_the_last_question_counts_as_much_as_the_whole(self):
        book = under("Booking", "Come to the office and book the day there. " * 9)
        price = under("Price", "The price is ten. " * 25)
        whole, last = "book a day in the office\nprice", "price"

        joined = answering_part(wanted([whole]), [book, price], [0.2, 0.0])
        both = answering_part(wanted([whole, last]), [book, price], [0.2, 0.0])

        assert joined.startswith("Come to the office")
        assert both.startswith("The price is ten.")
