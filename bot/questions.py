"""Tell questions from other words, and find each of several in one message."""

import re
from typing import Final

from language.courtesies import is_courtesy
from language.normalise import normalise

# A question without a question mark is short.
_WORDS_OF_A_QUESTION: Final = 12
# After a question mark, thanks and the like; more is a description that asks in its middle.
_WORDS_AFTER_A_QUESTION: Final = 4
_LONGEST_QUESTION: Final = 150
_MOST_QUESTIONS: Final = 3
_LEAST_WORDS: Final = 2
# A shorter one leans on what stands beside it: "I was charged twice. Why is that?"
_WORDS_OF_A_WHOLE_QUESTION: Final = 4
_MOST_CHARACTERS: Final = 1_000

_OPENERS: Final = (
    r"and|so|ok|okay|hi|hello|hey|well|now|then|yes|no|by the way|btw|also|sorry|wait|thanks|thank you|great|fine"
    r"|و|خب|خوب|پس|حالا|باشه|اوکی|آها|آهان|مرسی|ممنون|سلام|راستی|بعد|khob|pas|bashe|mersi|merci|salam|rasti"
)
_OPENING: Final = rf"^\W*(?:(?:{_OPENERS})[\s،,.!?؟]+)*"
_QUESTION_WORD: Final = re.compile(
    r"(?:^|\s)(?:چند|چنده|چندمه?|چقدره?|چقده|کجاست|کجان?|کجایید|کی|چطوری?ه?|چ(?:ه ?)?جوری?ه?|چگونه|چیه|چیست|چیا|چه|آیا"
    r"|کدوم\S*|کدام\S*)(?=[\s!.،]|$)"
    r"|\b(?:chande?|che?gh?adre?|kojast|koja|chetori?|chetore|chie|chist|aya|kodum|kodom)\b"
    rf"|{_OPENING}"
    r"(?:how|what|what's|when|where|which|who|do (?:you|i)|does|is (?:there|it)|are (?:there|you)|can (?:i|you|we))\b",
    re.IGNORECASE,
)

# "What about refunds?", "ok and RFM?", «خب CSAT چی؟»: on with something that it names.
_NOT_NAMING: Final = (
    r"(?:این|اون|آن|که|یعنی|منظور\S*|حال\S*|احوال\S*|اوضاع\S*|شما|تو|خودت\S*|چی|هان?|آخه|مثلا|برای|واسه"
    r"|it|that|this|you|now|what|why|how|then|so)"
)
_ASKS_ON: Final = re.compile(
    rf"{_OPENING}(?P<subject>(?!{_NOT_NAMING}(?!\S))\S+(?: \S+){{0,3}})(?<!\bکه) (?:چی|چطور|chi)(?: میشه)?[\s?؟!]*$"
    rf"|{_OPENING}(?:what|how) about (?P<about>(?!{_NOT_NAMING}(?!\w))\w.*)"
    rf"|^\W*(?:(?:ok|okay|thanks|great|fine|well|so)[\s,.!]+)*and (?:the |your |for )?(?P<added>(?!{_NOT_NAMING}(?!\w))"
    r"\w+(?: \w+)?)\s*\?+\s*$",
    re.IGNORECASE,
)

# "And if I only did half?", "after the second session?"
_ON_CONDITION: Final = re.compile(
    rf"{_OPENING}(?:(?:what )?if|in case|after|before|without|اگه|اگر|بعد از|قبل از|بدون|age|agar)\s+\S.*[?؟]\s*$",
    re.IGNORECASE,
)
_WORDS_OF_A_CONDITION: Final = 3
# "I have another question", «یه سوال داشتم»
_ANNOUNCING: Final = re.compile(
    r"سوال|سئوال|سؤال|بپرس|پرسش|مزاحم|زحمت|وقت دار|اجازه|\b(?:questions?|ask(?:ing)?|query|soal|soalam|beporsam)\b",
    re.IGNORECASE,
)
_ROLE: Final = (
    r"(?:حسابدار|وکیل|مدیر|فروشنده|کارمند|کارشناس|مسئول|نماینده|دانشجو|معلم|مدرس|مشاور|مشتری|پدر|مادر|ولی|منشی|پزشک"
    r"|مهندس|بازاریاب|صاحب|کارآفرین|فراگیر)"
)
# In the matching form.
_INTRODUCING: Final = re.compile(
    rf"^\W*(?:(?:سلام|درود|وقت بخیر|وقتتون بخیر|روز بخیر|خسته نباشید)\W+)*(?:(?:من|بنده|اینجانب)\W+)?"
    rf"(?:یه |یک )?{_ROLE}ی?(?: \w+){{0,4}} ?(?:هستم|هستیم|ام)\W*$"
    rf"|^\W*(?:(?:سلام|درود)\W+)*(?:من|بنده)\W+(?:\w+ ){{0,2}}{_ROLE}(?:م|ی م)\W*$"
    r"|^\W*(?:(?:hi|hello)\W+)*(?:i am|i'?m|we are|we'?re) (?:an? |the )?(?:\w+ )?(?:accountant|lawyer|manager|owner"
    r"|student|teacher|parent|mother|father|salesperson|sales ?(?:man|woman)|employee|customer|consultant"
    r"|representative|engineer|doctor|marketer|learner)s?(?: (?:of|at|for|in|from)(?: \w+){1,4})?\W*$",
)
_THERE: Final = (
    r"(?:هست(?:ن|ند|ین|ید)?|هس|آنلاینه?|آنلاین (?:هست\S*|است)|بیداره?|حاضره|سر کاره|اونجاست|حضور دار(?:ه|د|ن))"
)
# «الان کسی از همکاراتون هست؟»; «کسی هست جواب بده؟» wants an answer.
_WHO_IS_THERE: Final = re.compile(
    rf"^(?:\S+ ){{0,3}}?(?:کسی|یکی|همکار\S*|کارشناس\S*|پشتیبان\S*|اپراتور\S*|آدم\S*)(?: \S+){{0,4}} {_THERE}[\s?؟!]*$"
    r"|^\W*(?:\w+ ){0,2}(?:is|are) (?:there )?(?:any ?(?:one|body)|some ?(?:one|body)|a (?:person|human)|your \w+)\b"
    r"(?: \w+){0,4} (?:there|around|online|awake|available|on duty|now|today|tonight)\W*$"
    r"|^\W*(?:alan |hanuz )?(?:kasi|yeki|hamkar\w*)(?: \w+){0,4} (?:hast|has|online|onlineh?e)\W*$",
    re.IGNORECASE,
)
_WISHING_TO_SPEAK: Final = re.compile(
    r"صحبت|حرف|وصل|جواب|کار دار|\b(?:talk|speak|help|answer|sohbat|harf|vasl|javab)\b"
)

_EXCLAIMING: Final = re.compile(r"(?<!\S)چه(?!\S)")
# A half of two questions that «و» joins: it has a question word, or a verb that asks, or comes with «هم».
_ASKING_HALF: Final = re.compile(
    r"(?<!\S)(?:چند\S*|چقدر\S*|کی|کیه|کجا\S*|از کجا|چیه|چیست|چطور\S*|چجوری\S*|چه|کدوم\S*|آیا|هم)(?!\w)"
    r"|(?<!\S)(?:میشه|می[\u200c ]?شه|می[\u200c ]?شود|دارید|دارین|داره|دارد|هست|هستید|می[\u200c ]?(?:د|ده)ی[دن])[\s?؟]*$"
)
_BOUNDARY: Final = re.compile(
    r"[?؟]+\s*|\n+|(?P<va>\s+و\s+)"
    r"|(?P<and>,?\s+(?:and|also|plus)\s+(?:also\s+)?)"
    r"(?=(?:do|does|is|are|can|could|will|would|what|when|where|which|who|how)\b)",
    re.IGNORECASE,
)


def is_marked_question(text: str) -> bool:
    """Whether a text ends in a question mark, and perhaps a word of thanks.

    "I cannot sign in" asks for knowledge and is a fine subject all the same; so a question mark decides.
    """
    _, mark, after = text.replace("؟", "?").rpartition("?")
    return bool(mark) and len(re.findall(r"\w+", after)) <= _WORDS_AFTER_A_QUESTION


def is_short_question(text: str) -> bool:
    """Whether a short text asks something in so many words."""
    is_short = len(text) <= _LONGEST_QUESTION and len(text.split()) <= _WORDS_OF_A_QUESTION
    return is_short and bool(_QUESTION_WORD.search(text))


def is_question(text: str) -> bool:
    """Whether a text asks something, with a question mark or without."""
    return is_marked_question(text) or is_short_question(text)


def asks_on(text: str) -> bool:
    """Whether a text asks on about something that it names: "ok and RFM?", «خب CSAT چی؟»; «یعنی چی؟» does not."""
    return asked_on(text) is not None


def asked_on(text: str) -> "str | None":
    """What a text asks on about, by itself: "CSAT" of «خب CSAT چی؟»."""
    is_short = len(text) <= _LONGEST_QUESTION and len(text.split()) <= _WORDS_OF_A_QUESTION
    match = _ASKS_ON.search(text) if is_short else None
    return next(filter(None, match.groupdict().values()), "").strip(" ?؟!") if match else None


def asks_on_condition(text: str) -> bool:
    """Whether a text asks what another case would change: "and if I only did half?", "after the second session?"."""
    return len(text.split()) in range(_WORDS_OF_A_CONDITION, _WORDS_OF_A_QUESTION + 1) and bool(
        _ON_CONDITION.search(text)
    )


def asks_who_is_there(text: str) -> bool:
    """Whether a text asks if there is a person just now, and does not ask for one."""
    text = text.strip()[:_LONGEST_QUESTION]
    return bool(_WHO_IS_THERE.search(text)) and not _WISHING_TO_SPEAK.search(text)


def introduces(text: str) -> bool:
    """Whether a text only says who writes: «سلام، حسابدار یک شرکت هستم», "I'm an accountant"."""
    return len(text.split()) <= _WORDS_OF_A_QUESTION and bool(_INTRODUCING.search(normalise(text)))


def announced_question(text: str) -> "str | None":
    """The question after the words that announce it: "one more thing to ask, can I pay in parts?"."""
    if not _ANNOUNCING.search(text[:_MOST_CHARACTERS]):
        return None
    clauses = re.split(r"(?<=[^\d][.!:،,؛])\s+|\n+", text[:_MOST_CHARACTERS].strip())
    last = clauses[-1].strip()
    asks = len(clauses) > 1 and len(last.split()) > _LEAST_WORDS and is_question(last) and not _ANNOUNCING.search(last)
    return last if asks else None


def question_alone(text: str) -> "str | None":
    """The one question of a message that tells something before or after it: "We are a small firm. What suits us?"."""
    sentences = re.split(r"(?<=[.!?؟\n])\s+", text[:_MOST_CHARACTERS].strip())
    asking = [sentence for sentence in sentences if sentence.endswith(("?", "؟"))]
    is_alone = len(asking) == 1 and len(sentences) > 1 and len(asking[0].split()) >= _WORDS_OF_A_WHOLE_QUESTION
    return asking[0] if is_alone else None


def asks_after_answer(text: str) -> bool:
    """Whether a text that begins like an answer goes on to ask: "ok, how do I do that?"; «مرسی، چه خوب» does not."""
    if len(text) > _LONGEST_QUESTION or len(text.split()) <= _LEAST_WORDS or is_courtesy(normalise(text)):
        return False
    return is_short_question(_EXCLAIMING.sub(" ", text))


def questions_in(text: str) -> list[str]:
    """The questions of a message that asks several, three at most and in its words; empty where it asks one or none."""
    found = [part for part in _parts_of(text[:_MOST_CHARACTERS]) if _is_one_of_several(part)]
    return found[:_MOST_QUESTIONS] if len(found) > 1 else []


def _is_one_of_several(part: str) -> bool:
    return len(part.split()) >= _LEAST_WORDS and is_question(part) and not is_courtesy(normalise(part))


def _parts_of(text: str) -> list[str]:
    parts, start = [], 0
    for match in _BOUNDARY.finditer(text):
        before, after = text[start : match.start()], text[match.end() :]
        if match["va"] and not (_ASKING_HALF.search(before) and _ASKING_HALF.search(after)):
            continue
        is_joined = bool(match["va"] or match["and"])
        # The first of two that are joined has no question mark of its own.
        parts.append(before.strip() + "?" if is_joined else text[start : match.end()].strip())
        start = match.end()
    return [part for part in [*parts, text[start:].strip()] if part]
