# refuted by: Two readers are inside together
"""One mutex for readers and writers: no two readers are ever inside together."""

from concur import Mutex


class ReadWriteLock:
    def __init__(self):
        self.mutex = Mutex()

    def read(self):
        return self.mutex

    def write(self):
        return self.mutex
