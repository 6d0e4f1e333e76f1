"""Two mutexes of concur, taken in opposite order."""

from together import together

from concur import Mutex


def scenario():
    left, right = Mutex(), Mutex()

    def ann():
        with left:
            with right:
                pass

    def bob():
        with right:
            with left:
                pass

    together(ann, bob)
