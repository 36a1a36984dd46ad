"""What somebody wrote themselves, without what their mail program put around it, in Persian and in English.

Line by line and in linear time: whoever sends a mail chooses its text. The library mail-parser-reply knows no Persian,
and ten kilobytes can keep its expressions busy for many seconds.
"""

import re

# Marks that Gmail and Outlook put around names and addresses in right-to-left lines.
_MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST_HEADER_LINES = 4
_LONGEST_HEADER_CHARACTERS = 500
_HEADER_STARTS = re.compile(
    r"[>\s]*(?:On\b|در\b|به تاریخ\b|[0-9۰-۹٠-٩]{1,4}[-/.\s]"
    r"|(?:(?:یک|دو|سه|چهار|پنج)?[ \u200c]?شنبه|جمعه)\b)"
)
_HEADER_OPENS = re.compile(r"[>\s]*(?:On|در|به تاریخ)\b")
_WROTE = re.compile(
    r"[>\s]*On\b.*\bwrote:"
    r"|[>\s]*\S.*(?<!\S)نوشت(?:ند|[هۀ][ \u200c]?است|[هۀ][ \u200c]?اند)?\s*:"
    r"|[>\s]*[0-9]{4}-[0-9]{2}-[0-9]{2}\s.*<[^<>\s]+@[^<>\s]+>:"
)
_TIME = re.compile(r"(?<!\d)\d{1,2}[:٫.]\d{2}(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:[1۱١][34۳۴٣٤]|[2۲٢][0۰٠])\d{2}(?!\d)")
_DATE_OR_ADDRESS = re.compile(r"[0-9۰-۹٠-٩]|@")
_SEPARATOR = re.compile(r"-{2,}\s*(?:Original Message|Original Appointment|پیام اصلی|پیغام اصلی)\s*-{2,}|_{20,}", re.I)
# What was forwarded is what it is about.
_FORWARDED = re.compile(
    r"-{2,}\s*(?:Forwarded message|پیام (?:فوروارد|هدایت|ارسال|بازارسال)[ \u200c]?شده)\s*-{2,}"
    r"|Begin forwarded message:",
    re.I,
)
_FIELD = re.compile(
    r"\*?(?:(?P<sender>From|از|فرستنده)"
    r"|(?P<subject>Subject|موضوع|عنوان)"
    r"|Sent|Date|To|Cc|ارسال(?:[ \u200c]?شده)?|تاریخ(?: ارسال)?|زمان|به|گیرنده|رونوشت|کپی)\*?\s*:",
    re.I,
)
_BLOCK_LINES = 6
# RFC 3676, 4.3. Without the space, people write it between their own words too.
_SIGNATURE = re.compile(r"--\s")
_SIGNATURE_LINES = 6
_SIGNATURE_NAME_WORDS = 3
_SIGNATURE_CHARACTERS = 60
_CONTACT = re.compile(r"@|https?://|\bwww\.|(?<!\d)[+0۰٠][\d ()./-]{7,}")
# What a phone writes below a mail has these words and no others: «ارسال شده با پست» is what a mail is about.
_DEVICES = (
    r"i ?phone|i ?pad|android|windows|outlook|gmail|yahoo|aol|proton|thunderbird|samsung|galaxy|huawei|honor|xiaomi"
    r"|redmi|poco|nokia|pixel|blackberry|phone|smartphone|mobile|tablet"
    r"|آی[ \u200c]?فون|آی[ \u200c]?پد|اندروید|ویندوز|اوت[ \u200c]?لوک|جی[ \u200c]?میل|یاهو|سامسونگ|گا?لکسی|هوا?وی"
    r"|شیا[ئي]ومی|شیاومی|ردمی|نوکیا|گوشی|موبایل|تلفن|تبلت"
)
# Each word can be read in one way only: of two, a long line that fails in the end would have endless readings.
_AROUND_DEVICES = (
    r"my|the|all|new|an?|on|for|with|app|mail|e-?mail|device|ios|plus|pro|max|mini|note|ultra|secure|\d+[a-z]?|[a-z]\d+[a-z]?"
    r"|من|خود|خودم|ام|در|روی|برای|طریق|برنامه|اپ|اپلیکیشن|نرم[ \u200c]?افزار|دستگاه|همراه|هوشمند|ایمیل|میل"
)
_SENT_FROM = re.compile(
    r"(?:Get|دریافت) Outlook (?:for|برای) \w+\W*"
    r"|Yahoo Mail: Search, Organize, Conquer"
    r"|(?:Sent (?:from|via|with|using)|(?:ارسال|فرستاده)[ \u200c]?شده (?:از|با|توسط))"
    rf"(?:\W+(?:{_AROUND_DEVICES}))*\W+(?:{_DEVICES})(?:\W+(?:{_DEVICES}|{_AROUND_DEVICES}))*\W*",
    re.I,
)
# Outlook writes one behind the name of a program.
_LINK = re.compile(r"<https?://[^<>\s]*>")


def without_quotes(text: str) -> str:
    """The writer's own words; all of the text where nothing else is in it, and nothing where that is how they sign."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    own = _unsigned(_own_lines(lines))
    return own if own or _is_signature(lines) else text.strip()


def _unsigned(lines: list[str]) -> str:
    """The lines without what a phone writes below them."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or _SENT_FROM.fullmatch(_LINK.sub("", _plain(kept[-1])))):
        kept.pop()
    return "\n".join(kept).strip()


def _is_signature(lines: list[str]) -> bool:
    """Whether there is no more than a signature, as below a photo that was sent without words."""
    first = next((line for line in lines if _plain(line)), "")
    return _is_sig_dash(first) or not _unsigned(_without_contact(lines))


def _own_lines(lines: list[str]) -> list[str]:
    kept: list[str] = []
    forwarded: list[str] = []
    place = 0
    while place < len(lines):
        plain = _plain(lines[place])
        if _FORWARDED.fullmatch(plain):
            forwarded = lines[place:]
            break
        if _is_sig_dash(lines[place]) or _SEPARATOR.fullmatch(plain) or _begins_block(lines, place):
            break
        if length := _wrote_header(lines, place):
            place += length
            if not _is_quoted_next(lines, place):
                break
            # The answers may stand between or below the quoted lines.
            continue
        if not plain.startswith(">"):
            kept.append(lines[place])
        place += 1
    return _without_contact(kept) + forwarded


def _is_sig_dash(line: str) -> bool:
    return bool(_SIGNATURE.fullmatch(_MARKS.sub("", line[:_LONGEST_HEADER_CHARACTERS])))


def _without_contact(lines: list[str]) -> list[str]:
    """The lines without a signature below a bare `--`: a name, and how its bearer is reached, in a few short lines."""
    below: list[str] = []
    for place in range(len(lines) - 1, -1, -1):
        plain = _plain(lines[place])
        if plain == "--":
            return lines[:place] if not below or (_is_contact(below) and any(map(_plain, lines[:place]))) else lines
        if plain:
            below.insert(0, plain)
        if len(below) > _SIGNATURE_LINES or len(plain) > _SIGNATURE_CHARACTERS:
            break
    return lines


def _is_contact(lines: list[str]) -> bool:
    is_named = len(lines) > 1 and len(lines[0].split()) <= _SIGNATURE_NAME_WORDS
    return is_named and any(map(_CONTACT.search, lines))


def _plain(line: str) -> str:
    return _MARKS.sub("", line[:_LONGEST_HEADER_CHARACTERS]).strip()


def _wrote_header(lines: list[str], place: int) -> int:
    """Over how many lines a `On ... wrote:` goes that begins here; 0 where none does."""
    first = _plain(lines[place])
    if not _HEADER_STARTS.match(first) and not ("@" in first and _WROTE.fullmatch(first)):
        return 0
    said = ""
    for length, line in enumerate(lines[place : place + _LONGEST_HEADER_LINES], start=1):
        plain = _plain(line)
        said = f"{said} {plain}".strip()
        # A line that begins a header itself: what stands above it, such as a bare number, is an answer.
        if not plain or len(said) > _LONGEST_HEADER_CHARACTERS or (length > 1 and _HEADER_OPENS.match(plain)):
            return 0
        if said.endswith(":") and _WROTE.fullmatch(said) and _DATE_OR_ADDRESS.search(said):
            return length if _is_quoted_next(lines, place + length) or _is_exact(said) else 0
    return 0


def _is_exact(header: str) -> bool:
    """Whether a header says more than people do who tell what somebody wrote to them."""
    return "@" in header or bool(_TIME.search(header) and _YEAR.search(header))


def _is_quoted_next(lines: list[str], place: int) -> bool:
    following = next((plain for line in lines[place : place + 4] if (plain := _plain(line))), "")
    return following.startswith(">")


def _begins_block(lines: list[str], place: int) -> bool:
    """Whether Outlook's block of fields begins here: the sender first, then two more at least.

    One is the subject, where the sender has no address: a journey too goes from and to somewhere on a date.
    """
    sender = _plain(lines[place])
    first = _FIELD.match(sender)
    if first is None or first["sender"] is None:
        return False
    matches = [_FIELD.match(_plain(line)) for line in lines[place + 1 : place + _BLOCK_LINES]]
    fields = [match for match in matches if match]
    return len(fields) >= 2 and ("@" in sender or any(field["subject"] for field in fields))
