"""Whether a question leans on the one before it: "and how much is it?", «برای سازمان‌ها چطور؟»."""

import re

from knowledge_base.lexical import WORD
from knowledge_base.question import matching_form

# A longer question says what it is about.
MAX_WORDS = 9
# As many words of its own leave a question incomplete where something in it points back.
MAX_OWN_WORDS = 2


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CONNECTIVES = _set_of("و پس اما ولی یا حتی and but so then or also even")
_BACKWARDS = _set_of(
    "ش اش شون شان ازش بهش باهاش براش توش همین همینه همون همونه همان اونجا آنجا اینجا اینو اونو "
    "it its them they there ones"
)
# Before a noun they say which ("this form"); alone they point back.
_DEMONSTRATIVES = _set_of("این آن اون this that these those")
_ALSO = _set_of("هم نیز too also")
_ABOUT = ("what about", "how about")
# A question that ends so lacks its verb: «برای شرکت‌ها چی؟».
_ENDINGS = _set_of("چی چطور چه")
# «ریزش یعنی چی؟» is complete.
_MEANS = "یعنی"
_PREPOSITIONS = _set_of("for in on at with without until from after before by")
_VERBS = _set_of("is are was do does did can could will would should have has am may must")
# Said of what was just spoken of: «رایگانه؟».
_PREDICATES = _set_of("رایگانه رایگان مجانیه آنلاینه حضوریه اجباریه لازمه کافیه سخته")
# «جریمه هم داره؟»: somebody's or something's that was just spoken of; «قسطی هم دارید؟» is complete.
_OF_WHAT_WAS_SAID = _set_of("داره دارد خواد خواهد میخواد میخواهد میاین میایین میایید")
# «قیمتش», «بگیرمش»; many other words end in ش.
_WITH_PRONOUN = re.compile(
    r"(?:قیمت|هزینه|پول|مبلغ|حساب|شهریه|مدت|زمان|مهلت|آدرس|شرایط|شماره|لینک|فرق|تخفیف|مدرک|ظرفیت)ش|ب\w{2,}مش"
)
# What everything has: a question that names nothing else is about what was said before.
_ATTRIBUTES = _set_of("""
    هزینه هزینش پول پولی پولیه قیمت مبلغ مالیات کارمزد جریمه ضامن مهلت درصد درصده قسط تومن تومان
    نصف نصفش نصفشو نصفه half
    رایگان رایگانه مجانی مجانیه روزه ماه ماهه هفته سال ساعت ساعته دقیقه دقیقست جلسه جلسست نفر نفره زمان
    cost costs price prices fee fees charge tax taxes vat penalty guarantor percent free extra included valid
    پیش نیاز session sessions minute minutes hour hours day days week weeks month months year years
    """)
# What one does with anything.
_DOING = _set_of("""
    صبر منتظر بمونم موند مونه دید دیدش صادر انجام میاد بیاد گرده برمی برمیگرده خواد خواهد میخواد
    wait pay watch see happen happens later per
    """)
_OF_ANYTHING = _ATTRIBUTES | _DOING | _OF_WHAT_WAS_SAID
_FUNCTION_WORDS = (
    _set_of("""
        را رو از به با در تا برای که ها های ای ی بعد قبل اگه اگر دیگه دیگر همه هر کدوم کدام یک یه
        چرا چقدر چقد چند چنده چندتا کی کجا کجاست کو چیه چیست چطوره چطوری چگونه چجوری چطور چی آیا وقت بار روز
        است هست نیست هستید بود باشه باشد می شه شود میشه کنم کنیم کنید کنه دارید داره دارد داریم دارم باید
        طول کشه کشد میکشه من ما خب حالا بدون ست فقط نه
        """)
    | _set_of("""
        a an the of to i me my we our s t what which who when where why how much many long often far soon else
        if not no yes all any some more only just take takes cost costs get be been about
        """)
    | _CONNECTIVES
    | _BACKWARDS
    | _DEMONSTRATIVES
    | _ALSO
    | _ENDINGS
    | _PREPOSITIONS
    | _VERBS
)


def is_follow_up(text: str) -> bool:
    """Whether a text asks on about what came before; a complete question, however short, does not."""
    matching = matching_form(text)
    words = WORD.findall(matching)
    if not 0 < len(words) <= MAX_WORDS:
        return False
    own = [word for word in words if _is_own(word)]
    subjects = _subjects(words)
    if not subjects or (len(subjects) == 1 and _adds(words)):
        return True
    return len(own) <= MAX_OWN_WORDS and (_points_back(words) or _lacks_its_verb(matching, words))


def has_no_subject(text: str) -> bool:
    """Whether a follow-up says nothing of what it is about: «هزینه‌ش چقدره؟», "how long does that take?"."""
    words = WORD.findall(matching_form(text))
    return 0 < len(words) <= MAX_WORDS and not _subjects(words)


def _is_own(word: str) -> bool:
    return word not in _FUNCTION_WORDS


def _subjects(words: list[str]) -> list[str]:
    """What a question says of what it is about."""
    own = (word for word in words if _is_own(word) and word not in _OF_ANYTHING)
    return [word for word in own if not _WITH_PRONOUN.fullmatch(word)]


def _adds(words: list[str]) -> bool:
    return "هم" in words and words[-1] in _OF_WHAT_WAS_SAID


def _points_back(words: list[str]) -> bool:
    placed = zip(["", *words[:-1]], words, [*words[1:], ""], strict=True)
    refers = any(_refers(word, before, after) for before, word, after in placed)
    return refers or words[0] in _CONNECTIVES or words[-1] in _ALSO


def _refers(word: str, before: str, after: str) -> bool:
    """Whether a word stands for something said before."""
    if word in _DEMONSTRATIVES:
        return not after or not _is_own(after)
    if word == "there":
        return before not in _VERBS
    return word in _BACKWARDS or bool(_WITH_PRONOUN.fullmatch(word))


def _lacks_its_verb(matching: str, words: list[str]) -> bool:
    return (
        matching.startswith(_ABOUT)
        or (words[-1] in _ENDINGS and _MEANS not in words)
        or (len(words) == 1 and words[0] in _PREDICATES)
        or (words[0] in _PREPOSITIONS and not _VERBS & set(words))
    )
