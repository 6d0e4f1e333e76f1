# refuted by: At most limit are inside
"""Two may see the last place before either takes it."""


class Multiplex:
    def __init__(self, limit):
        self.limit = limit
        self.inside = 0

    def __enter__(self):
        while self.inside >= self.limit:
            pass
        self.inside += 1

    def __exit__(self, kind, error, trace):
        self.inside -= 1
