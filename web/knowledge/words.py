"""Words that Python hands to the templates of the knowledge base, translated where they are shown."""

from knowledge_base.enums import (
    ArticleStatus,
    Band,
    Change,
    GapCause,
    GapState,
    ImportState,
    Reason,
    Verdict,
    Visibility,
)
from knowledge_base.personal import Personal
from web.desk.words import _

STATUSES = {
    ArticleStatus.published: _("Published"),
    ArticleStatus.in_review: _("In review"),
    ArticleStatus.draft: _("Draft"),
    ArticleStatus.archived: _("Archived"),
}
STATUS_TONES = {
    ArticleStatus.published: "good",
    ArticleStatus.in_review: "accent",
    ArticleStatus.draft: "warn",
    ArticleStatus.archived: "plain",
}
VISIBILITIES = {Visibility.public: _("Everybody"), Visibility.agents: _("Agents only")}
GAP_STATES = {
    GapState.open: _("Open questions"),
    GapState.answered: _("Answered questions"),
    GapState.dismissed: _("Dismissed questions"),
}
CAUSES = {
    GapCause.declined: _("no sure answer"),
    GapCause.handed_off: _("answered, then handed to a person"),
    GapCause.voted_down: _("voted unhelpful"),
}
CAUSE_TONES = {GapCause.declined: "plain", GapCause.handed_off: "warn", GapCause.voted_down: "bad"}
BANDS = {
    Band.answer: _("The bot answers"),
    Band.offer: _("The bot offers titles"),
    Band.decline: _("The bot says that it does not know"),
}
BAND_TONES = {Band.answer: "good", Band.offer: "warn", Band.decline: "bad"}
# What speaks for an article, by the name of the ranking's feature.
FEATURES = {
    "dense": _("Meaning of the text, beside others"),
    "cosine": _("Meaning of the text, by itself"),
    "title": _("Meaning of the title"),
    "variant": _("Meaning of the other ways to ask"),
    "lexical": _("Words of the text"),
    "coverage": _("Share of the question in the text"),
    "asked": _("Share of the question in title and ways to ask"),
    "language": _("In the language of the question"),
}
LANGUAGES = {"fa": _("Persian"), "en": _("English")}
# What has just been done, by the name that the redirect carries.
DONE = {
    "saved": _("Saved. Contacts are answered from this text at once."),
    "saved_agents": _("Saved. Agents find this text at once, and contacts do not see it."),
    "saved_draft": _("Saved. Contacts do not see a draft."),
    "published": _("Published. Contacts find it from now on."),
    "published_agents": _("Published for agents. Contacts do not see it."),
    "scheduled": _("Saved. It will be published by itself at the time you chose."),
    "in_review": _("Saved and sent to review. Contacts do not see it yet."),
    "draft": _("This is a draft again, and is not published by itself."),
    "archived": _("Archived. Contacts no longer find it."),
    "draft_of_questions": _(
        "A draft that asks these questions. Write the answer; they are settled when it is published."
    ),
    "draft_of_conversation": _(
        "A draft of this conversation, which nobody sees yet. Names, numbers and addresses were taken out as far as "
        "they could be told by their looks: read it with care before you publish it."
    ),
    "questions_added": _("The questions are now among the other ways to ask."),
    "kept": _("Added to the test questions, and asked at once."),
    "removed": _("It is no longer a test question."),
    "precision": _("Saved. The bot answers by it from now on."),
    "category_added": _("Category added. The help centre shows it once there is a published article in it."),
    "category_saved": _("Saved. The help centre shows the categories this way from now on."),
    "restored": _("The earlier text is back, as a new version."),
}
VERDICTS = {
    Verdict.answered: _("Answered as it should"),
    Verdict.offered: _("Only offered as a title"),
    Verdict.another: _("Another article answers"),
    Verdict.missed: _("Not found"),
}
VERDICT_TONES = {Verdict.answered: "good", Verdict.offered: "warn", Verdict.another: "bad", Verdict.missed: "bad"}
EXPECTATION_PROBLEMS = {
    "article_not_found": _("There is no article with this address."),
    "question_blank": _("There are no words in this question."),
    "question_too_long": _("A test question has at most 500 characters."),
    "too_many_expectations": _("There can be at most 2,000 test questions."),
}
PRECISION_PROBLEMS = {
    "share_unfit": _("Write a number from 0.5 to 50."),
    "not_calibrated": _("The ranker has to be trained again before you can choose."),
}
CATEGORY_PROBLEMS = {
    "slug": _("Lower-case Latin letters and digits, joined by hyphens, at most 120."),
    "name_fa": _("A name has from 1 to 200 characters."),
    "name_en": _("A name has from 1 to 200 characters."),
    "category_exists": _("There is a category with this address already."),
}
# Why a row or a file of an import is refused.
REASONS = {
    Reason.columns_missing: _("The first line does not name these columns:"),
    Reason.article_unknown: _("There is no article with this address."),
    Reason.question_unfit: _("A test question has from 1 to 500 characters."),
    Reason.row_unreadable: _("This row cannot be read: look for a quotation mark that is missing or is one too many."),
    Reason.cells_too_many: _("This row has more cells than the first line has columns."),
    Reason.too_many_rows: _("There are too many; this row and what follows it were left out."),
    Reason.not_text: _("This is not text in UTF-8; from Excel, save it as “CSV UTF-8”."),
    Reason.file_too_large: _("This file is too large: at most 20 MB, and 2 MB for one file in a zip."),
    Reason.kind_unknown: _("Files of this kind are not read; bring a zip, a CSV, a Markdown or an HTML file."),
    Reason.zip_broken: _("This zip cannot be read: it is broken, encrypted or packed in an unknown way."),
    Reason.zip_too_large: _("This zip holds too much: at most 60 MB unpacked, in at most 10,000 files."),
    Reason.article_unreadable: _("This cannot be read as an article."),
    Reason.front_missing: _("An article begins with its front matter between two lines of ---; there is none here."),
    Reason.front_unreadable: _("The front matter cannot be read as YAML; look at this line and the one before it."),
    Reason.categories_unreadable: _("This is not a list of categories: each needs slug, name_fa and name_en."),
    Reason.page_unfit: _("There is no text in this page that could be read."),
    Reason.field_missing: _("A field is missing."),
    Reason.field_unfit: _("A field has a value that does not fit."),
    Reason.category_unknown: _("There is no such category."),
    Reason.repeated: _("This address stands in the file before:"),
    Reason.status_refused: _("A published article cannot go back to that status; archive it first."),
    Reason.changed_meanwhile: _("Somebody changed this article meanwhile; import the file again."),
    Reason.nothing_found: _("There is no article in this file."),
    Reason.failed: _("This could not be brought in because of an error; the app’s log says which."),
}
# Where the detail is a name or an address; elsewhere it is for programs and in English.
NAMING = {Reason.columns_missing, Reason.article_unknown, Reason.category_unknown, Reason.repeated}
# Where the detail begins with the field.
OF_A_FIELD = {Reason.field_missing, Reason.field_unfit}
_DAY = _("Write a day of the Gregorian calendar as YYYY-MM-DD, from the year 1700 to 8999.")
_MOMENT = _(
    "Write a time of the Gregorian calendar with its zone, as YYYY-MM-DDThh:mm+hh:mm, from the year 1700 to 8999."
)
# What fits a field of a file.
FIELD_RULES = {
    "title": _("A title has from 1 to 300 characters."),
    "category": _("Write the address of one category."),
    "slug": _("Lower-case Latin letters and digits, joined by hyphens, at most 120."),
    "language": _("Write fa or en."),
    "summary": _("A summary has at most 1,000 characters."),
    "questions": _("At most 200 questions, each of at most 500 characters."),
    "visibility": _("Write public or agents."),
    "status": _("Write draft, in_review, published or archived."),
    "reviewed": _DAY,
    "review_due": _DAY,
    "published_at": _MOMENT,
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
    "body": _("A text has at most 200,000 characters."),
}
IMPORT_STATES = {
    ImportState.checked: _("Only checked"),
    ImportState.running: _("Under way"),
    ImportState.done: _("Done"),
}
IMPORT_TONES = {ImportState.checked: "plain", ImportState.running: "accent", ImportState.done: "good"}
CHANGES = {
    Change.new: _("New articles"),
    Change.changed: _("Changed articles"),
    Change.same: _("The same as before"),
    Change.refused: _("Refused"),
}
# What stands in an article in place of what told who it was about.
PLACEHOLDERS = {
    Personal.name: _("[name]"),
    Personal.email: _("[e-mail address]"),
    Personal.phone: _("[phone number]"),
    Personal.card: _("[card number]"),
    Personal.iban: _("[IBAN]"),
    Personal.number: _("[number]"),
    Personal.link: _("[link]"),
    Personal.address: _("[postal address]"),
}
# What is wrong with a field of the form.
PROBLEMS = {
    "title": _("A title has from 1 to 300 characters."),
    "slug": _("Lower-case Latin letters and digits, joined by hyphens, at most 120."),
    "address_taken": _("There is an article with this address in this language already."),
    "language": _("Choose Persian or English."),
    "category": _("There is no such category."),
    "summary": _("A summary has at most 1,000 characters."),
    "body": _("A text has at most 200,000 characters."),
    "questions": _("At most 200 questions, each of at most 500 characters."),
    "reviewed_on": _("Write a date as year/month/day."),
    "review_due_on": _("Write a date as year/month/day."),
    "visibility": _("Choose who may see it."),
    "owner": _("Choose somebody who may edit articles."),
    "status": _("This article cannot go there from its present status: somebody may have published or archived it."),
    "publish_at": _("Write a day and a time as year/month/day hour:minute."),
    "time_unfit": _("Choose a time that is still to come, within ten years."),
}
FIELDS = {
    "title": _("Title"),
    "summary": _("Summary"),
    "body": _("Text"),
    "questions": _("Other ways to ask"),
    "category": _("Category"),
    "reviewed_on": _("Reviewed on"),
    "review_due_on": _("Review again by"),
    "visibility": _("Visible to"),
}
# What of an article an import changes.
IMPORT_FIELDS = {
    **{name: FIELDS[name] for name in ("title", "summary", "body", "questions", "category", "visibility")},
    "reviewed": FIELDS["reviewed_on"],
    "review_due": FIELDS["review_due_on"],
    "status": _("Status"),
    "published_at": _("Publish by itself on"),
}
