from pathlib import Path

import pytest

from connectors.evaluate_handoff import (
    POLICY_FILE,
    BrokenLine,
    Judged,
    LabelledConversation,
    judge,
    judge_plainly,
    main,
    read_conversations,
    report_on,
    write_page,
)
from language.normalise import normalise
from sentiment.examples import DATA_FOLDER, read_examples
from tests.fixtures.fakes import FakeReader

OWN = Path(__file__).parents[1] / "data" / "handoff.jsonl"

GOOD = b'{"messages": ["hello"], "handoff": false}'


def conversation(*messages: str, handoff: bool = True, due: int | None = None) -> LabelledConversation:
    return LabelledConversation(messages=list(messages), handoff=handoff, due=due)


class TestReadConversations:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b'{"messages": ["a"], "handoff": true', "not JSON"),
            (b'{"messages": ["a"]}', "handoff"),
            (b'{"messages": [], "handoff": true}', "messages"),
            (b'{"messages": "a", "handoff": true}', "messages"),
            (b'{"messages": [5], "handoff": true}', r"messages\.0"),
            (b'{"messages": ["a", "  "], "handoff": true}', "no text"),
            (b'{"messages": ["a"], "handoff": "yes"}', "handoff"),
            (b'{"messages": ["a"], "handoff": true, "due": 2}', "due must be"),
            (b'{"messages": ["a"], "handoff": false, "due": 1}', "due must be"),
            (b'["a"]', "cannot be used"),
            (b"[" * 100_000, "not JSON"),
            ("سلام".encode("cp1256"), "not UTF-8"),
        ],
    )
    def test_refuses_a_broken_line_with_its_number(self, tmp_path, line, reason):
        path = tmp_path / "data.jsonl"
        path.write_bytes(GOOD + b"\n\n" + line + b"\n")

        with pytest.raises(BrokenLine, match=f"(?s)Line 3 .*{reason}"):
            read_conversations(path)

    def test_refuses_an_empty_file(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b"\n")

        with pytest.raises(BrokenLine):
            read_conversations(path)

    def test_reads_a_file_of_windows_and_texts_that_nothing_could_print(self, tmp_path):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b'\xef\xbb\xbf{"messages": ["hello \\ud800"], "handoff": false}')

        assert read_conversations(path)[0].messages == ["hello \ufffd"]

    def test_a_language_is_said_in_any_way_or_that_of_the_messages(self, tmp_path):
        path = tmp_path / "data.jsonl"
        lines = [
            '{"messages": ["hello"], "handoff": false, "lang": "fa-IR"}',
            '{"messages": ["سلام"], "handoff": false, "lang": null}',
            '{"messages": ["hello there"], "handoff": false}',
        ]
        path.write_text("\n".join(lines), encoding="utf-8")

        conversations = read_conversations(path)
        judged = [Judged(one, None) for one in conversations]

        assert [one.language for one in conversations] == ["fa", "fa", "en"]
        assert set(report_on(judged, judged)["per_language"]) == {"fa", "en"}


class TestJudge:
    async def test_finds_the_message_at_which_a_person_is_brought_in(self, policy):
        judged = await judge(conversation("hello", "THIS IS IT", "WELL?"), FakeReader(), policy)

        assert (judged.place, judged.reason, judged.is_right) == (1, "negative_sentiment", True)

    async def test_a_plain_request_is_heard(self, policy):
        judged = await judge(conversation("a human please"), FakeReader(), policy)

        assert judged.reason == "contact_asked"

    async def test_is_as_sure_as_the_contact_is_frustrated_and_quite_sure_of_a_request(self, policy):
        handed = [await judge(conversation(text), FakeReader(), policy) for text in ("THIS IS IT", "a human please")]
        left = await judge(conversation("hello", "sigh"), FakeReader(), policy)

        assert [one.confidence for one in handed] == [1.0, 1.0]
        assert left.confidence == pytest.approx(1 - policy.weights.get("displeasure", 0.2))

    async def test_the_baseline_takes_any_displeasure(self):
        assert (await judge_plainly(conversation("hello", "sigh"), FakeReader())).place == 1
        assert (await judge_plainly(conversation("hello"), FakeReader())).place is None


class TestReport:
    def test_counts_right_wrong_and_late(self):
        late = Judged(conversation("a", "b", "c", due=2), 2, "negative_sentiment")
        missed = Judged(conversation("a"), None)
        early = Judged(conversation("a", "b", due=2), 0, "contact_asked")
        alarm = Judged(conversation("calm", handoff=False), 0, "legal_threat")
        fine = Judged(conversation("calm", handoff=False), None)

        report = report_on([late, missed, early, alarm, fine], [fine])

        assert (report["recall"], report["false_alarm_rate"], report["turn_delay"]) == (0.6667, 0.5, 0.5)
        assert (report["turn_delay_max"], report["early"]) == (1, 1)
        assert report["reasons"] == {"contact_asked": 1, "legal_threat": 1, "negative_sentiment": 1}
        assert report["wrong"] == [["a"], ["calm"]]
        assert report["baseline"]["recall"] is None

    def test_leaves_a_page_with_what_was_decided(self, tmp_path):
        judged = [
            Judged(conversation("a"), 0, "negative_sentiment", confidence=0.7),
            Judged(conversation("calm", handoff=False), None, confidence=0.9),
        ]

        html = write_page(tmp_path / "report", report_on(judged, judged), judged).read_text(encoding="utf-8")

        assert "<svg" in html
        assert ">handed off</th>" in html
        assert ">left to the bot</th>" in html

    def test_where_nothing_says_when_it_counts_from_the_first_message(self):
        assert Judged(conversation("a", "b"), 1, "contact_asked").delay == 1


class TestMain:
    def test_says_what_is_wrong_in_one_line(self, tmp_path, capsys):
        path = tmp_path / "data.jsonl"
        path.write_text('{"messages": ["a"]}\n', encoding="utf-8")

        assert main(["--data", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    @pytest.mark.parametrize("change", ["weights: {anger: 7}", "frustration: [", "frustration: 7"])
    def test_says_in_one_line_that_a_policy_cannot_be_used(self, tmp_path, capsys, change):
        data, file = tmp_path / "data.jsonl", tmp_path / "policy.yml"
        data.write_bytes(GOOD)
        file.write_text(f"{POLICY_FILE.read_text(encoding='utf-8')}\n{change}\n", encoding="utf-8")

        assert main(["--data", str(data), "--policy", str(file)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


class TestOwnConversations:
    def test_are_many_in_three_languages_and_half_of_them_calm(self):
        conversations = read_conversations(OWN)
        calm = [one for one in conversations if not one.handoff]

        assert len(conversations) >= 80
        assert 0.4 <= len(calm) / len(conversations) <= 0.6
        assert {one.language for one in conversations} == {"fa", "en", "finglish"}

    def test_no_message_was_trained_on(self):
        trained = {normalise(example.text) for example in read_examples(DATA_FOLDER)}
        written = {normalise(text) for one in read_conversations(OWN) for text in one.messages}

        assert trained.isdisjoint(written)
