"""Whether a message has a word of what it was understood as: nobody is called, thanked or seen off on likeness alone.

Standard library and `language` only.
"""

import re
from typing import Final

from bot.names import Intents
from language.normalise import normalise

_MOST_CHARACTERS: Final = 500

# In the matching form (`language.normalise`), in which the half-space is a space.
_WORDS: Final = {
    Intents.TALK_TO_PERSON: (
        r"کارشناس|اپراتور|پشتیبان|همکار|آدم|وصل|متصل|انسان|کسی|یکی|نفر|مسئول|مسوول|مدیر|رئیس|رییس|سرپرست|مشاور|ساپورت"
        r"|زنگ|تماس|ارتباط|صحبت|حرف|گفت ?و ?گو|چت|ربات|بات|واقعی|شخص|خانم|آقا|هیشکی|هیچکس|کار دار|خود"
        r"|اوپراتور|ادمین|کارمند|امور مشتری|واحد|بخش"
        r"|\b(?:person|people|human|agent|operator|any ?(?:one|body)|some ?(?:one|body)|rep|representative|staff|team"
        r"|support|supervisor|manager|boss|colleague|advis[eo]r|specialist|expert|consultant|call|phone|ring|speak|talk|chat|word"
        r"|voice|connect|transfer|escalate|bot|robot|software|real|live|desk|care|touch|who(?:ever)?|her|him|them|back|through|service|helpline|hotline|line|admin|employee|guy)"
        r"(?:s|ed)?\b"
        r"|karshenas|op[e]?rator|poshtib|hamkar|adam|vasl|ensan|kasi|yeki|nafar|mas(?:o|u)+l|modir|sarparast|moshaver"
        r"|zang|tamas|sohbat|harf|robat|admin|karmand"
    ),
    Intents.THANKS: (
        r"ممنون|مرسی|تشکر|سپاس|مچکر|قدردان|گرم|درد|خدا|عالی|لطف|زحم[تا]|قربون|قربان|فدا|نوکر|چاکر|خیر|زنده|سلامت|محبت|گل|طلا"
        r"|کمک|خوب|راه افتاد|راه انداخت|حل|درست|آقایی|بیامرز|تنک"
        r"|\b(?:thank\w*|th?n?a?n?[kx]s?|ty\w*|cheers|appreciat\w*|grateful|obliged|bless|owe|great|perfect|awesome|brilliant"
        r"|help\w*|kind|star|legend|nice|good|excellent|amazing|solved|sorted|work(?:s|ed)|ta)\b"
        r"|mer(?:c|s)|mrc|mam?no+n|mamnun|t[ae]?shak+or|mo(?:te)?sha?k|mochaker|\bdam"
        r"|dast\w* (?:shoma )?(?:dard|tala|dorost)|daste \w+|sepas|ghorbun|ghorban|lotf|komak"
    ),
    Intents.GOODBYE: (
        r"خدا|بدرود|فعل|بای|بعدا|شب|روز|خوش|امید|می ?بینم|تا |برم|می ?رم|می ?روم|رفتم|مرخص|همین بود|کاری ندا|عرض"
        r"|سلامت|مراقب|مواظب|آخر هفته|یا ?علی|عزت|سر می ?زنم"
        r"|\b(?:bye|goodbye|see|laters?|farewell|take care|cheer\w*|night|day|evening|weekend|afternoon|ciao|adios|done"
        r"|all|off|out|leav\w*|go|going|gotta|gtg|so long|cya|ttyl|catch|talk|speak|end|finish\w*|until|peace"
        r"|home|well|good one)\b"
        r"|kho?da|felan|fln|bay|shab|ru?z|miram|raftam|morakhas|badrood|hamin bo+d|khosh|movazeb|ezat|ta ye"
    ),
}
_PATTERNS: Final = {intent: re.compile(words, re.IGNORECASE) for intent, words in _WORDS.items()}


def lacks_its_words(text: str, intent: "str | None") -> bool:
    """Whether a message in words was understood as an intent that has words of its own, and holds none of them."""
    pattern = _PATTERNS.get(intent or "")
    is_worded = any(map(str.isalpha, text))
    return pattern is not None and is_worded and not pattern.search(normalise(text[:_MOST_CHARACTERS]))
