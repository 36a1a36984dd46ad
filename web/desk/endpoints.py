"""`/desk`: the pages of the people who work here."""

from fastapi import APIRouter

from web.desk import files, handoffs, inbox, intents, live, parked, people, profile, sign_in, telegram, tickets, widget

router = APIRouter()
for part in (sign_in, inbox, files, tickets, parked, handoffs, intents, widget, telegram, people, profile, live):
    router.include_router(part.router)
