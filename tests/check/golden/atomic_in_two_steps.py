"""An atomic integer that is read and set in two steps."""

from together import together

from concur import AtomicInteger


def scenario():
    count = AtomicInteger(0)

    def ann():
        count.set(count.get() + 1)

    def bob():
        count.set(count.get() + 1)

    together(ann, bob)
    assert count.get() == 2
