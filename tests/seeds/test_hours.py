"""When the demo business's people work, and when its stories therefore happen."""

from datetime import datetime, timedelta

import pytest

from seeds.hours import TEHRAN, are_open, next_opening
from seeds.load import FOLDER
from seeds.stories import BY_PEOPLE, read_stories

# A Saturday.
SATURDAY = datetime(2026, 11, 28, tzinfo=TEHRAN)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """So many days after a Saturday."""
    return SATURDAY + timedelta(days=day, hours=hour, minutes=minute)


class TestHours:
    @pytest.mark.parametrize("moment", [at(0, 9), at(4, 17, 59), at(5, 12, 59)])
    def test_they_are_there(self, moment):
        assert are_open(moment)
        assert next_opening(moment) == moment

    @pytest.mark.parametrize(
        ("moment", "opening"),
        [
            (at(0, 8, 59), at(0, 9)),
            (at(0, 18), at(1, 9)),
            (at(4, 23), at(5, 9)),
            (at(5, 13), at(7, 9)),
            (at(6, 11), at(7, 9)),
        ],
    )
    def test_who_comes_at_another_time_waits_for_the_next_opening(self, moment, opening):
        assert not are_open(moment)
        assert next_opening(moment) == opening


class TestStories:
    @pytest.mark.parametrize("day", range(7))
    def test_those_of_earlier_days_with_people_in_them_happened_on_working_days(self, day):
        now = at(day, 20)
        days = [story for story in read_stories(FOLDER / "conversations") if ":" in story.starts]
        with_people = [one for one in days if any(isinstance(act, BY_PEOPLE) for act in one.messages)]

        assert len(with_people) > 10
        for story in with_people:
            assert story.started_at(now).weekday() not in (3, 4)
            assert now - timedelta(days=9) < story.started_at(now) < now

    def test_the_bot_alone_answers_on_every_day(self):
        days = [story for story in read_stories(FOLDER / "conversations") if ":" in story.starts]
        of_the_bot = [one for one in days if not any(isinstance(act, BY_PEOPLE) for act in one.messages)]

        weekdays = {story.started_at(at(6, 20)).weekday() for story in of_the_bot}
        assert len(weekdays) >= 5
