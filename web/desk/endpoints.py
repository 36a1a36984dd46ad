"""`/desk`: the pages of the people who work here."""

from fastapi import APIRouter

from web.desk import handoffs, inbox, live, people, sign_in, tickets

router = APIRouter()
for part in (sign_in, inbox, tickets, handoffs, people, live):
    router.include_router(part.router)
