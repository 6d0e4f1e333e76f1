"""races=fail: a test and a change without a lock."""

from together import together

OPTIONS = {"races": "fail"}


def scenario():
    tasks = ["a", "b", "c"]

    def ann():
        if tasks:
            tasks.pop()

    def bob():
        if tasks:
            tasks.pop()

    together(ann, bob)
