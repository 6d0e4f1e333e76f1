"""One big lock keeps apart what should happen at the same time."""

from threading import Barrier, Lock

from together import together


class Server:
    def __init__(self):
        self.lock = Lock()

    def handle(self, request):
        with self.lock:
            return request()


def scenario():
    server = Server()
    meeting = Barrier(2)

    def ann():
        server.handle(meeting.wait)

    def bob():
        server.handle(meeting.wait)

    together(ann, bob)
