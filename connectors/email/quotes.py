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
_DATE_OR_ADDRESS = re.compile(r"[0-9۰-۹٠-٩]|@")
_CLOCK = re.compile(r"[0-9۰-۹٠-٩]{1,2}[:٫.][0-9۰-۹٠-٩]{2}")
_DATE = re.compile(r"[0-9۰-۹٠-٩]{4}|[0-9۰-۹٠-٩]{1,2}([-/.])[0-9۰-۹٠-٩]{1,2}\1[0-9۰-۹٠-٩]{2}")
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
# Two dashes and a space, as RFC 3676 (4.3) has it; two dashes alone are what people draw between two thoughts.
_SIGNATURE = "-- "
# What else was sent from somewhere, or with somebody, is what a contact writes about.
_DEVICE = (
    r"(?:phone|mobile|tablet|i ?phone|ipad|android|blackberry|samsung|galaxy|huawei|xiaomi|pixel|outlook|gmail|yahoo|"
    r"proton|thunderbird|spark|mail\b|آی[ \u200c]?فون|آی[ \u200c]?پد|گوشی|موبایل|تلفن|تبلت|سامسونگ|گلکسی|شیائومی|هواوی|"
    r"اندروید|جی[ \u200c]?میل|یاهو|اوت[ \u200c]?لوک|ایمیل)"
)
_SENT_FROM = re.compile(
    r"(?:Sent (?:from|via|with|using) (?:(?:my|the|an?) )?(?:\S{1,15} ){0,2}" + _DEVICE + r"|Get Outlook for "
    r"|(?:ارسال|فرستاده)[ \u200c]?شده (?:از|با|توسط) (?:\S{1,15} ){0,1}" + _DEVICE + r").{0,40}",
    re.I,
)


def without_quotes(text: str) -> str:
    """The writer's own words; all of the text where nothing else is in it, and nothing where that is how they sign."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    own = _unsigned(_own_lines(lines))
    return own if own or _is_signature(lines) else text.strip()


def _unsigned(lines: list[str]) -> str:
    """The lines without what a phone writes below them."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or _SENT_FROM.fullmatch(_plain(kept[-1]))):
        kept.pop()
    return "\n".join(kept).strip()


def _is_signature(lines: list[str]) -> bool:
    """Whether there is no more than a signature, as below a photo that was sent without words."""
    first = next((plain for line in lines if (plain := _plain(line))), "")
    return first == _SIGNATURE.strip() or not _unsigned(lines)


def _own_lines(lines: list[str]) -> list[str]:
    kept: list[str] = []
    place = 0
    while place < len(lines):
        plain = _plain(lines[place])
        if _FORWARDED.fullmatch(plain):
            return kept + lines[place:]
        if _MARKS.sub("", lines[place]) == _SIGNATURE or _SEPARATOR.fullmatch(plain) or _begins_block(lines, place):
            return kept
        if length := _wrote_header(lines, place):
            if _is_quoted_next(lines, place + length):
                # The answers may stand between or below the quoted lines.
                place += length
                continue
            if _is_programs(lines[place : place + length]):
                return kept
        if not plain.startswith(">"):
            kept.append(lines[place])
        place += 1
    return kept


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
            return length
    return 0


def _is_programs(header: list[str]) -> bool:
    """Whether a mail program wrote this header: people give no address, nor the minute and the year."""
    said = " ".join(map(_plain, header))
    return "@" in said or bool(_CLOCK.search(said) and _DATE.search(said))


def _is_quoted_next(lines: list[str], place: int) -> bool:
    following = next((plain for line in lines[place : place + 4] if (plain := _plain(line))), "")
    return following.startswith(">")


def _begins_block(lines: list[str], place: int) -> bool:
    """Whether Outlook's block of fields begins here: the sender first, then two more at least."""
    first = _FIELD.match(_plain(lines[place]))
    if first is None or first["sender"] is None:
        return False
    following = [_FIELD.match(_plain(line)) for line in lines[place + 1 : place + _BLOCK_LINES]]
    fields = [field for field in following if field]
    # Else somebody may well write from where, to where and on which day.
    is_mail = "@" in lines[place] or any(field["subject"] for field in fields)
    return len(fields) >= 2 and is_mail
