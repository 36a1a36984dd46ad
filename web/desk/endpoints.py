"""`/desk`: the pages of the people who work here."""

from fastapi import APIRouter

from web.desk import (
    contacts,
    files,
    handoffs,
    inbox,
    intents,
    live,
    models,
    parked,
    people,
    profile,
    sign_in,
    telegram,
    tickets,
    widget,
)

PARTS = (
    *(sign_in, inbox, files, contacts, tickets, parked, handoffs, intents, models),
    *(widget, telegram, people, profile, live),
)

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
