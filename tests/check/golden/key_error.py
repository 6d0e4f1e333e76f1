"""In the cache a moment ago."""

from together import together


def scenario():
    cache = {"user": 1}

    def reader():
        if "user" in cache:
            return cache["user"]
        return None

    def evictor():
        cache.pop("user", None)

    together(reader, evictor)
