"""Which module of the app does what `train`, `evaluate` and `bench` are asked for; unasked they do the first."""

# Training Rasa is a step of set-up, done anew: no module of the app's.
A_STEP = None

TASKS: dict[str, dict[str, str | None]] = {
    "train": {
        "rasa": A_STEP,
        "encoder": "language.train",
        "reminder": "language.remind",
        "sentiment": "sentiment.train",
        "ranker": "knowledge_base.train",
    },
    "evaluate": {
        "retrieval": "knowledge_base.evaluate",
        "answers": "seeds.evaluate",
        "encoder": "language.evaluate",
        "intents": "bot.evaluate",
        "sentiment": "sentiment.evaluate",
        "handoff": "connectors.evaluate_handoff",
    },
    "bench": {"turns": "benchmarks.turns", "search": "benchmarks.search", "channels": "benchmarks.channels"},
}

# What runs in Rasa's interpreter rather than the app's.
IN_RASA = frozenset({"bot.evaluate"})
