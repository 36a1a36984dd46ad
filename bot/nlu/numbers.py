"""Number words below a thousand, in Persian, Finglish and English."""

from typing import Final

UNITS: Final = [
    ("یک", "yek", "one"), ("دو", "do", "two"), ("سه", "se", "three"), ("چهار", "چار", "chahar", "four"),
    ("پنج", "panj", "five"), ("شش", "شیش", "shish", "six"), ("هفت", "haft", "seven"), ("هشت", "hasht", "eight"),
    ("نه", "noh", "nine"), ("ده", "dah", "ten"), ("یازده", "yazdah", "eleven"), ("دوازده", "davazdah", "twelve"),
    ("سیزده", "sizdah", "thirteen"), ("چهارده", "chahardah", "fourteen"), ("پانزده", "پونزده", "punzdah", "fifteen"),
    ("شانزده", "شونزده", "shunzdah", "sixteen"), ("هفده", "هیفده", "hefdah", "seventeen"),
    ("هجده", "هیجده", "hejdah", "eighteen"), ("نوزده", "nuzdah", "nineteen"),
]  # fmt: skip
TENS: Final = [
    ("بیست", "bist", "twenty"), ("سی", "si", "thirty"), ("چهل", "chehel", "forty"), ("پنجاه", "panjah", "fifty"),
    ("شصت", "shast", "sixty"), ("هفتاد", "haftad", "seventy"), ("هشتاد", "hashtad", "eighty"),
    ("نود", "navad", "ninety"),
]  # fmt: skip
HUNDREDS: Final = [
    ("صد", "یکصد", "sad"), ("دویست", "devist"), ("سیصد", "sisad"), ("چهارصد", "چارصد", "charsad", "chaharsad"),
    ("پانصد", "پونصد", "punsad", "poonsad", "pansad"), ("ششصد", "شیشصد", "shishsad"), ("هفتصد", "haftsad"),
    ("هشتصد", "hashtsad"), ("نهصد", "nohsad"),
]  # fmt: skip
SMALL: Final = {
    **{word: number for number, words in enumerate(UNITS, 1) for word in words},
    **{word: 10 * number for number, words in enumerate(TENS, 2) for word in words},
    **{word: 100 * number for number, words in enumerate(HUNDREDS, 1) for word in words},
}
