"""Telegram: a bot whose private chats are conversations, over python-telegram-bot."""
