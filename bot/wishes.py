"""Find several wishes in one message: "cancel my order and send me the invoice".

A classifier gives a whole message one intent, and its second guess is no second wish; so the clauses are looked through
for words that name one. Standard library only.
"""

import re
from typing import Final

from bot.names import WISHES_BY_URGENCY, Intents

_MOST_CHARACTERS: Final = 1_000
_WORDS_OF_A_CLAUSE: Final = 2

# What joins two wishes; "but" («ولی») goes on with the same one.
_JOINT: Final = re.compile(
    r"[.!?؟؛;،,\n]+|\s(?:و|همچنین|ضمناً?|در ضمن|بعدش|and|also|plus|as well as|besides|then|va)(?=\s)"
    r"|(?:^|\s)هم\s(?=\S+\s+\S)",
    re.IGNORECASE,
)
# "I do not want to cancel" is no wish to cancel.
_REFUSAL: Final = re.compile(
    r"\b(?:don'?t|do not|not|never|no|without|nemikham?|lazem nist)\b|نمی[\u200c ]?خوا|نیاز\S* ن|لازم نیست"
    r"|(?:^|\s)(?:نه|بدون)(?=\s)|ن(?:کن|ده|بند|فرست|زن)ی[دن]?(?:\s|$)",
    re.IGNORECASE,
)
# The words of each wish, as alternatives.
_WORDS: Final = {
    Intents.TALK_TO_PERSON: (
        r"اپراتور|با (?:یه |یک )?(?:آدم|کارشناس|نفر|انسان)|وصلم? کن",
        r"(?:talk|speak) (?:to|with) (?:a|an|your|some)|real person|\bhuman\b|\boperator\b",
    ),
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
# "Add to my ticket that …": the rest is the note, whatever it speaks of.
_DICTATION: Final = re.compile(
    rf"(?:{'|'.join(_WORDS[Intents.ADD_TO_TICKET])}).{{0,20}}(?::|\bthat\b|\s(?:که|ke)\s)", re.IGNORECASE
)
_CUES: Final = {wish: re.compile("|".join(words), re.IGNORECASE) for wish, words in _WORDS.items()}


def find_wishes(text: str) -> list[str]:
    """The different wishes that the clauses of a message name, the most urgent first.

    None where it is one clause, or a note for a ticket.
    """
    text = text[:_MOST_CHARACTERS]
    clauses = [clause for clause in _JOINT.split(text) if len(clause.split()) >= _WORDS_OF_A_CLAUSE]
    if len(clauses) < 2 or _DICTATION.search(text):
        return []
    named = {wish for clause in clauses if (wish := _wish_in(clause))}
    return [wish for wish in WISHES_BY_URGENCY if wish in named]


def _wish_in(clause: str) -> str | None:
    """The most urgent wish that a clause names. "I can't" is a trouble, "I don't want" a refusal."""
    if _REFUSAL.search(clause):
        return None
    return next((wish for wish in WISHES_BY_URGENCY if _CUES[wish].search(clause)), None)
