"""The bot's actions: they ask the app's REST API and say what came back. They run in the app, or on their own."""
