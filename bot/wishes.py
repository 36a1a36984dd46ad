"""Find several wishes in one message: "cancel my order and send me the invoice".

A classifier gives a whole message one intent, and its second guess is no second wish; so the clauses are looked through
for words that name one.
"""

import re
from collections.abc import Collection
from typing import Final

from bot.names import WISHES_BY_URGENCY, Intents
from language.normalise import same_letters

_MOST_CHARACTERS: Final = 1_000
_WORDS_OF_A_CLAUSE: Final = 2

# What joins two wishes; "but" («ولی») goes on with the same one.
_JOINT: Final = re.compile(
    # «گفت و گو» is one word.
    # The comma of "1,250,000" joins nothing.
    r"(?:[!?؟؛;\n]|[.،,](?!(?<=\d.)\d))+"
    r"|\s(?!و گو)(?:و|همچنین|ضمناً?|در ضمن|بعدش|and|also|plus|as well as|besides|then|va)(?=\s)"
    # «آدرسم رو هم عوض کن» begins at the address.
    r"|(?:^|\s)(?!(?:رو|را)\s)(?=\S+(?:\s(?:رو|را))?\sهم\s+\S+\s+\S)",
    re.IGNORECASE,
)
# "I do not want to cancel" is no wish to cancel.
_REFUSAL: Final = re.compile(
    r"\b(?:don'?t|do not|not|never|no|without|nemikham?|lazem nist)\b|نمی[\u200c ]?خوا|نیاز\S* ن|لازم نیست"
    r"|(?:^|\s)(?:نه|بدون)(?=\s)|ن(?:کن|ده|بند|فرست|زن)ی[دن]?(?:\s|$)",
    re.IGNORECASE,
)
# Who is asked for, but not one's own people («مدیرم») nor management («مدیریت»).
_SOMEBODY: Final = (
    r"(?:اپراتور|کارشناس|پشتیبان|همکار|آدم|انسان|نفر|مسئول|مدیر|مشاور)(?!یت|(?:م|ام|مون|مان|امون)(?!\w))\S*"
)
_PERSON: Final = r"(?:human|person|agent|operator|representative|rep|supervisor|manager|colleague|adviser|advisor)s?\b"
_ANYBODY: Final = r"(?:some|any)(?:one|body)\b"
_REAL: Final = "(?:real |actual |live |human )*"
# "I need an operator now", not "I need operator access".
_END: Final = r"(?=\s*$|\s*[^\w\s]| (?:please|now|right|here|to|who|instead|asap|today|for|because)\b)"
_SPEAK: Final = r"(?:صحبت|حرف|گفت[\u200c ]?و[\u200c ]?گو|چت)\S*"
# What surely asks for a person: a noun alone ("human resources", «اپراتور جواب نداد») does not.
_ASKS_FOR_PERSON: Final = (
    rf"با (?:\S+ ){{0,3}}?{_SOMEBODY} (?:\S+ ){{0,3}}?{_SPEAK} (?:کن|بزن|داشته)",
    rf"{_SPEAK} (?:کنم|کنیم|بزنم|بزنیم) با (?:\S+ ){{0,2}}?{_SOMEBODY}",
    rf"(?:به|با) (?:\S+ ){{0,2}}?{_SOMEBODY} (?:\S+ ){{0,3}}?(?:وصل|متصل)|(?:وصل|متصل)(?:م کن| کن(?!م|یم))",
    rf"(?:^\s*|(?:یه|یک) ){_SOMEBODY}(?: (?:انسانی|واقعی))? (?:می[\u200c ]?خوا|لطفا|بیار|بیاد|بفرست|جواب بد)",
    rf"(?:talk|speak|chat) (?:to|with) (?:(?!my |our |his |her |their )\w+ ){{0,3}}?(?:{_PERSON}|{_ANYBODY})",
    r"(?:talk|speak|chat) (?:to|with) (?:your |the )?(?:support|sales|team|staff|humans?)\b",
    r"(?:connect|transfer|put|hand|pass|switch) (?:me|us)\b.{0,12} (?:to|with) "
    rf"(?:\w+ ){{0,3}}?(?:{_PERSON}|{_ANYBODY}|support\b)",
    rf"(?:want|need|i'd like|(?:give|get) me|have|get|is there) (?:an?|the|your|some) {_REAL}{_PERSON}{_END}",
    rf"{_REAL}{_PERSON} please",
    r"\bba (?:\w+ ){0,3}?(?:operator|karshenas|poshtiban|adam|ensan|nafar)\w* (?:\w+ ){0,2}?(?:sohbat|harf|chat) [kb]",
    r"\bvaslam? kon",
)
# The words of each wish, as alternatives.
_WORDS: Final = {
    Intents.TALK_TO_PERSON: _ASKS_FOR_PERSON,
    Intents.PAYMENT_TROUBLE: (
        r"(?:پول|مبلغ|وجه)\S*.{0,25}(?:کم|کسر|برداشت)|دو بار.{0,20}(?:پول|کم|پرداخت|برداشت)|درگاه",
        r"پرداخت\S*.{0,20}(?:ناموفق|خطا|ارور|نشد|نمی)|charged|declined|payment (?:failed|fails|error)|debited",
    ),
    Intents.CANCEL_PURCHASE: (
        r"(?:سفارش|خرید|ثبت[\u200c ]?نام|اشتراک|رزرو|عضویت)\S*.{0,15}(?:لغو|کنسل|باطل)|انصراف از",
        r"cancel(?:ling)? (?:my|the|our) (?!ticket)|unsubscribe",
        r"(?:sefaresh|eshterak)\S*.{0,12}(?:laghv|cancel)",
    ),
    Intents.SIGN_IN_TROUBLE: (
        r"وارد.{0,20}(?:نمی|نشد|بشم|شوم)|(?:نمی\S+).{0,10}(?:وارد|لاگین)|رمز\S*.{0,15}(?:فراموش|یاد|اشتباه)",
        r"(?:can'?t|cannot|unable to) (?:log|sign|get) in|forgot.{0,12}password|locked out|لاگین نمی",
    ),
    Intents.REQUEST_REFUND: (
        r"(?:پول|وجه|مبلغ|هزینه)\S*.{0,15}(?:پس|برگرد|عودت|مسترد|بازگشت)|(?:استرداد|بازگشت|عودت) (?:وجه|پول)",
        r"\brefund|money back|pool\S*.{0,8}pas",
    ),
    Intents.TECHNICAL_TROUBLE: (
        r"(?:سایت|اپ|برنامه|ویدیو|لینک|صفحه|فایل)\S*.{0,20}(?:باز نمی|پخش نمی|کار نمی|لود نمی|خراب|هنگ|بالا نمی)",
        r"(?:site|app|video|link|page)s?\b.{0,20}(?:down|won'?t|doesn'?t|crash|broken|freez)",
    ),
    Intents.ORDER_STATUS: (
        r"(?:سفارش|بسته|مرسوله|کالا|کتاب)\S*.{0,15}(?:کجا|نرسید|نیومد|نیامد|چی شد|کی می)|رهگیری",
        r"(?:^|\s)کی می[\u200c ]?رس",
        r"where(?: is|'s| are)? my (?:order|parcel|package)|where my (?:order|parcel|package) is",
        r"track(?:ing)?\b.{0,12}(?:order|parcel|code)|hasn'?t (?:arrived|come)|sefaresh\S* (?:koja|nares)",
    ),
    Intents.CLOSE_TICKET: (
        r"تیکت\S*.{0,12}(?:ببند|بسته ب)|close (?:my |the |that )?(?:ticket|case|hm-\d)|ببند\S* تیکت",
    ),
    Intents.ADD_TO_TICKET: (r"به (?:همون |همان |این )?تیکت\S*.{0,12}اضافه|add.{0,20}to (?:my |the )?(?:ticket|hm-\d)",),
    Intents.TICKET_STATUS: (
        r"(?:وضعیت|پیگیری) تیکت|تیکت\S*.{0,12}(?:چی شد|کجا|رسید)",
        r"(?:status of|check|any news on) (?:my |the )?ticket|ticket status",
    ),
    Intents.CHANGE_DETAILS: (
        r"(?:آدرس|نشانی|ایمیل|شماره|موبایل|اسم|نام|تاریخ|مشخصات)\S*.{0,20}(?:عوض|تغییر|اصلاح|ویرایش)",
        r"(?:change|update|edit|correct) (?:my|the|our) (?:\w+ )?(?:address|e-?mail|phone|number|name|date|details)",
    ),
    Intents.REQUEST_INVOICE: (r"فاکتور|صورت[\u200c ]?حساب|رسید (?:پرداخت|خرید)|رسیدم|\binvoice|\breceipt|\bfactor\b",),
    Intents.OPEN_TICKET: (
        r"تیکت\S*.{0,10}(?:ثبت|باز کن|بزن|ایجاد)|ثبت تیکت",
        r"(?:open|create|raise) (?:a|one|another|new)\b.{0,8}ticket",
    ),
    Intents.ASK_KNOWLEDGE: (
        r"قیمت|چنده|هزینهٔ? (?:دوره|ارسال)|ساعت کار|چه دوره|کی شروع|how much (?:is|does|are|do)|\bprices?\b",
        r"when (?:does|do) .{2,30}(?:start|begin|open)|opening (?:hours|times)|do you (?:have|offer|ship)",
    ),
}
# A wish that is refused may be named more loosely: the classifier has already heard it.
_NAMES: Final = {
    Intents.TALK_TO_PERSON: r"کارشناس\S*|اپراتور\S*|پشتیبان\S*|همکار\S*|آدم|وصلم?|انسان|کسی|نفر"
    r"|person|human|agent|operator|anyone|someone"
    r"|somebody|anybody|karshenas|kasi|poshtiban",
    Intents.CANCEL_PURCHASE: r"(?:لغو|کنسل|باطل)(?:ش|شون)?|انصراف|cancel\w*|unsubscrib\w*|laghv|kansel",
    Intents.CANCEL: r"(?:لغو|کنسل)ش?|انصراف|بی[\u200c ]?خیال|cancel\w*|stop|laghv|kansel",
    Intents.REQUEST_REFUND: r"(?:پول|وجه|مبلغ)\S*|استرداد|بازگشت|عودت|refund\w*|money back|pool\w*",
    Intents.REQUEST_INVOICE: r"فاکتور\S*|صورت[\u200c ]?حساب\S*|رسید|invoice|receipt|factor|faktor",
    Intents.OPEN_TICKET: r"تیکت\S*|ticket|tiket",
    Intents.CLOSE_TICKET: r"[نب]+بند\S*|clos\w+|[bn]a?e?band\w*",
    Intents.CHANGE_DETAILS: r"(?:عوض|تغییر|اصلاح|ویرایش)\S*|chang\w+|updat\w+|edit\w*|correct\w*|avaz",
}
_REFUSABLE: Final = {name: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) for name, words in _NAMES.items()}
# "I don't want to get a refund": between the refusal and what is refused stands little.
_REFUSES_NEXT: Final = re.compile(
    r"(?:\b(?:don'?t|do not|didn'?t|did not|won'?t|never|no longer|not)\s+(?:really |actually )?"
    r"(?:want(?:ed)?|need|wish|ask(?:ed|ing)?|looking|plan(?:ning)?)\b"
    r"|\b(?:no need|rather not|instead of|rather than|(?:به[\u200c ]?|ب)جای|(?:please|pls) (?:don'?t|do not)"
    r"|^\W*(?:don'?t|do not))\b"
    r"|\bno(?=\s+\w+ (?:needed|required|necessary|please)))"
    r"(?:\s+(?:you|for|to|with|in|touch|a|an|any|my|the|your|this|it|get|have|request|make|file|open|raise|create|talk|speak"
    r"|chat|be|connected|see|receive|claim|real|live|support|new|another)){0,6}\s+(?=\S)",
    re.IGNORECASE,
)
# "Don't want" stands anywhere in a Persian clause.
_DOES_NOT_WANT: Final = re.compile(
    r"(?<!\S)(?:نمی[\u200c ]?خوا(?:م|هم|یم|هیم)|نمی[\u200c ]?خام)(?!\w)|قصد(?= .*ندار)|\bne?mi?kha?m\b|\bnemikha?ham\b",
    re.IGNORECASE,
)
_DOES_NOT_NEED: Final = re.compile(
    r"(?:نیاز|احتیاج|لازم)\S* (?:\S+ ){0,5}(?:نیست|ندار(?:م|یم))|\blazem nist|\bniaz\w* (?:nist|nadaram)", re.IGNORECASE
)
# «لغو نکنید»; but «پس ندادید» is a reproach.
_DO_NOT: Final = re.compile(
    r"(?<!\S)(?:(?:نکن|نبند|نفرست|نزن|نگیر)(?:ید|ین|ی)?|پس ن(?:ده|دید|دین))(?!\w)|\bna(?:kon|band|ferest)(?:id|in)?\b",
    re.IGNORECASE,
)
_DO: Final = r"(?:کن|کنید|کنین|بد[هی]\w?|بفرست\w*|ببند\w*|بزنید|بزنین)(?!\w)"
# "I don't want to wait for my refund", "you don't want to refund me", "if you don't …": what is refused is something
# else, or somebody else refuses.
_NO_REFUSAL: Final = re.compile(
    r"\b(?:wait\w*|los[et]\w*|bot|robot|machine|until|till|unless|before|if|why|miss\w*|forget)\b"
    r"|منتظر|معطل|صبر|ربات|روبات|از دست|طول|مجبور|(?:^|\s)(?:بات|اگر|اگه|وگرنه|چرا|مگه|مگر|تا وقتی)(?:\s|$)"
    r"|شکایت|شاکی|قانونی|\b(?:you|they|he|she|guys|seller|company|team|nobody)(?:'re|'ve)?\s+(?:\w+\s+)?"
    r"(?:not|don'?t|didn'?t|doesn'?t|won'?t|never)\b|how come|\bi wish\b"
    # «دیگه نمی‌خوام سفارشم رو لغو کنید» may want it cancelled, for want of a comma.
    rf"|نمی[\u200c ]?خوا\w* .*(?<!\S){_DO}|(?<!\S){_DO} .*نمی[\u200c ]?خوا"
    r"|\b(?:montazer|sabr|robat|age|chera)\b",
    re.IGNORECASE,
)
# Here "but" and "just" begin something else.
_TURN: Final = re.compile(
    rf"(?P<stop>{_JOINT.pattern}|\s(?:but|ولی|اما|بلکه|vali)(?=\s)"
    r"|\s(?=(?:فقط|just|only|instead|faghat|می[\u200c ]?خوا(?:م|هم)|i (?:want|need|would))\s(?!of\b)))",
    re.IGNORECASE,
)
_WORDS_OF_A_WISH: Final = 3
_COURTESY: Final = re.compile(
    r"ممنون|مرسی|تشکر|متشکر|سپاس|لطفا|thank|\bthx\b|please|merci|mamnoon|it'?s (?:ok|fine|solved)|حل شد|حله",
    re.IGNORECASE,
)

# "Add to my ticket that …": the rest is the note, whatever it speaks of.
_DICTATION: Final = re.compile(
    rf"(?:{'|'.join(_WORDS[Intents.ADD_TO_TICKET])}).{{0,20}}(?::|\bthat\b|\s(?:که|ke)\s)", re.IGNORECASE
)
# Of a person these speak only where the classifier thinks of one too.
_SPEAKS_OF_PERSON: Final = re.compile(
    r"اپراتور|با (?:یه |یک )?(?:آدم|کارشناس|نفر|انسان)"
    r"|(?:talk|speak) (?:to|with) (?:a|an|your|some)\b|real person|\bhuman\b|\boperator\b",
    re.IGNORECASE,
)
# "Your agent told me to talk to another one", «گفت با یک کارشناس صحبت کنم»; but «گفتم» and "I said" go on asking.
_REPORT: Final = re.compile(
    r"(?<!\w)(?:گفت|فرمود)(?:ن|ند|ه|ه[\u200c ]?(?:بود|اند|ن)\w*|ید|ین)?(?![\w\u200c]| ?و ?گو)"
    r"|\b(?:told|asked|advised|instructed|directed|referred) (?:me|us)\b|(?<!\bi )(?<!\bwe )\bsaid\b"
    r"|\b(?:was|were|been) (?:told|advised|asked|referred)\b|\bgoft(?:and?|an|id)?\b",
    re.IGNORECASE,
)
_CUES: Final = {wish: re.compile("|".join(words), re.IGNORECASE) for wish, words in _WORDS.items()}


def find_wishes(text: str, *, likeliest: Collection[str] = ()) -> list[str]:
    """The different wishes that the clauses of a message name, the most urgent first.

    None where it is one clause, or a note for a ticket. A person who is only spoken of is wished for where that is
    among what the classifier thinks likeliest.
    """
    named = wish_clauses(text, likeliest=likeliest)
    return [wish for wish in WISHES_BY_URGENCY if wish in named]


def wish_clauses(text: str, *, likeliest: Collection[str] = ()) -> dict[str, str]:
    """The same wishes with the clause that first names each, in the order in which they are said."""
    text = same_letters(text[:_MOST_CHARACTERS])
    clauses = [clause.strip() for clause in _JOINT.split(text) if len(clause.split()) >= _WORDS_OF_A_CLAUSE]
    if len(clauses) < 2 or _DICTATION.search(text):
        return {}
    found = [(wish, clause) for clause in clauses if (wish := _wish_in(clause, likeliest))]
    named: dict[str, str] = {}
    for wish, clause in found:
        named.setdefault(wish, clause)
    return named


def only_reports_request(text: str) -> bool:
    """Whether a person is asked for in what somebody else is reported to have said, and nowhere else."""
    asking = [
        clause
        for clause in _JOINT.split(same_letters(text[:_MOST_CHARACTERS]))
        if _CUES[Intents.TALK_TO_PERSON].search(clause) or _SPEAKS_OF_PERSON.search(clause)
    ]
    return bool(asking) and all(map(_REPORT.search, asking))


def wish_instead(text: str, intent: str) -> str | None:
    """What a message asks for in place of a wish that it was understood as and yet refuses: `deny` where nothing.

    None where it refuses nothing, or where that is not certain.
    """
    if intent not in _REFUSABLE:
        return None
    clauses = _clauses_of(same_letters(text[:_MOST_CHARACTERS]))
    naming = [clause for clause in clauses if _names(clause, intent)]
    if not naming or not all(_refuses(clause, intent) for clause in naming):
        return None
    others = [clause for clause in clauses if clause not in naming]
    named = {wish for clause in others if (wish := _wish_in(clause))} - {intent}
    if named:
        return next(wish for wish in WISHES_BY_URGENCY if wish in named)
    is_more = any(len(clause.split()) >= _WORDS_OF_A_WISH and not _COURTESY.search(clause) for clause in others)
    # The knowledge base sees to what no clue names.
    return Intents.ASK_KNOWLEDGE if is_more else Intents.DENY


def without_refusals(text: str) -> str:
    """A message less what it says it does not want: "no ticket please, how long does it take?" asks how long.

    All of it where nothing else is left.
    """
    clauses = _clauses_of(same_letters(text[:_MOST_CHARACTERS]))
    kept = [
        clause for clause in clauses if not any(_names(clause, one) and _refuses(clause, one) for one in _REFUSABLE)
    ]
    is_enough = any(len(clause.split()) >= _WORDS_OF_A_WISH for clause in kept)
    return " ".join(kept) if is_enough and len(kept) < len(clauses) else text


def _clauses_of(text: str) -> list[str]:
    """The clauses of a message, each with its question mark."""
    ends = [match.end() for match in _TURN.finditer(text)]
    clauses = [text[start:end].strip() for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return [clause for clause in clauses if re.search(r"\w", clause)]


def _names(clause: str, intent: str) -> bool:
    return bool(_REFUSABLE[intent].search(clause) or (intent in _CUES and _CUES[intent].search(clause)))


def _refuses(clause: str, intent: str) -> bool:
    """Whether a clause says that the wish is none."""
    if _NO_REFUSAL.search(clause):
        return False
    is_question = bool(re.search("[?؟]", clause))
    if any(_REFUSABLE[intent].match(clause, refusal.end()) for refusal in _REFUSES_NEXT.finditer(clause)):
        return not is_question
    # «نمی‌خوام سفارشم رو لغو نکنید» refuses twice.
    is_unwanted, is_forbidden = bool(_DOES_NOT_WANT.search(clause)), bool(_DO_NOT.search(clause))
    if intent != Intents.CLOSE_TICKET:
        # «دیگه نیازی بهش نیست، ببندیدش» is why it is to be closed.
        is_unwanted = is_unwanted or bool(_DOES_NOT_NEED.search(clause))
    # A question after what one does not need is none of what one wants.
    return is_unwanted != is_forbidden and (is_forbidden or not is_question)


def _wish_in(clause: str, likeliest: Collection[str] = ()) -> str | None:
    """The most urgent wish that a clause names. "I can't" is a trouble, "I don't want" a refusal."""
    if _REFUSAL.search(clause):
        return None
    return next((wish for wish in WISHES_BY_URGENCY if _is_named(wish, clause, likeliest)), None)


def _is_named(wish: str, clause: str, likeliest: Collection[str]) -> bool:
    if wish != Intents.TALK_TO_PERSON:
        return bool(_CUES[wish].search(clause))
    is_spoken_of = wish in likeliest and bool(_SPEAKS_OF_PERSON.search(clause))
    return (is_spoken_of or bool(_CUES[wish].search(clause))) and not _REPORT.search(clause)
