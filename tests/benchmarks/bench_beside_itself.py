"""A text beside itself: how far ratios can be trusted here"""

import threading

from pairs import Bench, Rounds, Statement, main, together


def ping_pong() -> Rounds:
    """Two threads that hand a turn to and fro."""
    condition = threading.Condition()
    turn = [0]

    def player(me: int) -> None:
        for _ in range(500):
            with condition:
                while turn[0] != me:
                    condition.wait()
                turn[0] = 1 - me
                condition.notify()

    return Rounds(lambda: together(lambda: player(0), lambda: player(1)), calls=1_000)


def measure(bench: Bench) -> None:
    pair = "lock.acquire(); lock.release()"
    bench.pair(
        "threading.Lock, alone",
        against="itself",
        ours=Statement(pair, lock=threading.Lock()),
        theirs=Statement(pair, lock=threading.Lock()),
    )
    bench.pair("threading.Condition, ping-pong", against="itself", ours=ping_pong(), theirs=ping_pong())


if __name__ == "__main__":
    main(measure)
