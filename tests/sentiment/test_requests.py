import pytest

from sentiment.requests import asks_for_person


@pytest.mark.parametrize(
    "text",
    [
        "می‌خوام با یه آدم واقعی حرف بزنم",
        "لطفاً وصلم کنید به اپراتور",
        "به یه کارشناس وصلم کنید لطفاً",
        "میشه با مدیرتون صحبت کنم؟",
        "نمی‌خوام با ربات حرف بزنم",
        "اپراتور",
        "یه نفر جواب بده لطفاً",
        "گفت‌وگو با همکارانتان",
        "mikham ba ye karshenas sohbat konam",
        "vaslam kon be operator",
        "I want to talk to a human",
        "Can I speak with your manager, please?",
        "human please!!",
        "transfer me to an agent",
        "I don't want to talk to a bot",
        "I need a real person",
        "Can I talk to one of your agents?",
        "let me talk to someone",
        "connect me to support please",
        "I want an operator now",
        "میشه با یکی از همکاراتون صحبت کنم؟",
        "می‌خوام با یه نفر حرف بزنم",
        "به پشتیبانی وصل کنید",
        "کارشناس می‌خوام",
        "چطور می‌تونم به کارشناس وصل بشم؟",
        "why don't you connect me to an agent?",
        "can we talk to a senior agent?",
    ],
)
def test_hears_a_request(text):
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "دیروز با همکارتون صحبت کردم و گفت فردا می‌رسه",
        "لازم نیست با کسی حرف بزنم، همین‌جا بگو",
        "نمی‌خوام با کارشناس صحبت کنم، فقط قیمت رو بگو",
        "شما رباتی یا آدم؟",
        "مشاور دوره کیه؟",
        "تیکت پشتیبانی می‌خوام",
        "اینترنتم وصل نمی‌شه",
        "برای چند نفر جا هست؟",
        "I spoke to an agent yesterday and she said Monday",
        "I don't need a person, just the price",
        "are you a bot or a person?",
        "how many people are in a class?",
        "can I add another person to my order?",
        "با همکارم صحبت کنم خبر میدم",
        "باید با مدیر بانک صحبت کنم",
        "با یکی از دوستام صحبت کنم",
        "با مدیرم صحبت کنم بعد میگم",
        "نمی‌تونم به پنل مدیریت وصل بشم",
        "نمی‌تونم به پنل پشتیبانی وصل بشم",
        "با یه نفر از دوستام صحبت کنم",
        "چطوری کارشناس میخوام استخدام کنم",
        "I will talk to my manager and get back to you",
        "let me speak with my colleague first",
        "how do I connect to support portal",
        "I need staff accounts for my shop",
        "I want operator access",
        "let me have the agent number",
        "can I get a person's name on invoice",
        "How do customers chat with agents in the app?",
        "don't transfer me to an agent",
        "",
        "‮\x00\ud800",
        "talk to " * 50_000,
    ],
)
def test_does_not_hear_one_in_other_words(text):
    assert not asks_for_person(text)
