from knowledge_base.excerpts import MAX_CHARACTERS, excerpt


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
