"""When the people of the demo business work, by Tehran's clock; articles/FACTS.md says the same in words."""

from datetime import date, datetime, time, timedelta, timezone

# Iran has had no daylight saving time since 2022.
TEHRAN = timezone(timedelta(hours=3, minutes=30))
OPENING = time(9)
# By `date.weekday()`, Monday being 0; nobody works on Fridays.
CLOSING = {5: time(18), 6: time(18), 0: time(18), 1: time(18), 2: time(18), 3: time(13)}
_THURSDAY = 3
_ONE_DAY = timedelta(days=1)


def are_open(moment: datetime) -> bool:
    """Whether people are at work then."""
    local = moment.astimezone(TEHRAN)
    closing = CLOSING.get(local.weekday())
    return closing is not None and OPENING <= local.time() < closing


def next_opening(moment: datetime) -> datetime:
    """The first moment from this one on at which people are at work."""
    if are_open(moment):
        return moment
    day = moment.astimezone(TEHRAN).date()
    openings = (datetime.combine(day + number * _ONE_DAY, OPENING, TEHRAN) for number in range(4))
    return next(opening for opening in openings if opening > moment and are_open(opening))


def whole_working_day(day: date) -> date:
    """This day, or the one before it on which people last worked until the evening."""
    while day.weekday() not in CLOSING or day.weekday() == _THURSDAY:
        day -= _ONE_DAY
    return day
