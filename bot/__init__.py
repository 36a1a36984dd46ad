"""The bot: its understanding and dialogue (inside Rasa, Python 3.10) and its actions (inside the app, Python 3.11+)."""
