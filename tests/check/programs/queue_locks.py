"""Locks with a line: Craig; Landin and Hagersten (CLH), Mellor-Crummey and Scott (MCS, TOCS 1991)."""

from concur import AtomicReference

from .common import exclude


class Node:
    def __init__(self, *, locked):
        self.locked = locked
        self.next = None


class CLH:
    def __init__(self, threads=2):
        self.tail = AtomicReference(Node(locked=False))
        self.nodes = [Node(locked=False)] * threads

    def lock(self, me):
        self.nodes[me] = node = Node(locked=True)
        before = self.line_up(node)
        while before.locked:
            pass

    def line_up(self, node):
        return self.tail.exchange(node)

    def unlock(self, me):
        self.nodes[me].locked = False


class CLHInTwoSteps(CLH):
    def line_up(self, node):
        before = self.tail.get()
        self.tail.set(node)
        return before


class CLHUnlocked(CLH):
    """Its node says too early that it has left."""

    def lock(self, me):
        self.nodes[me] = node = Node(locked=False)
        before = self.line_up(node)
        while before.locked:
            pass
        node.locked = True


class MCS:
    def __init__(self, threads=2):
        self.tail: AtomicReference[Node | None] = AtomicReference()
        self.nodes = [Node(locked=False)] * threads

    def lock(self, me):
        self.nodes[me] = node = Node(locked=True)
        before = self.tail.exchange(node)
        if before is not None:
            before.next = node
            while node.locked:
                pass

    def unlock(self, me):
        node = self.nodes[me]
        if node.next is None:
            if self.tail.compare_and_set(node, None):
                return
            while node.next is None:
                pass
        node.next.locked = False


class MCSImpatient(MCS):
    """Does not wait for the one who is about to stand behind it."""

    def unlock(self, me):
        node = self.nodes[me]
        if node.next is None:
            self.tail.compare_and_set(node, None)
            return
        node.next.locked = False


class MCSLate(MCS):
    """Says that it waits only when it can be woken already."""

    def lock(self, me):
        self.nodes[me] = node = Node(locked=False)
        before = self.tail.exchange(node)
        if before is not None:
            before.next = node
            node.locked = True
            while node.locked:
                pass


def scenario_clh():
    exclude(CLH(), 2, 1)


def scenario_clh_in_two_steps():
    exclude(CLHInTwoSteps(), 1, 1)


def scenario_clh_unlocked():
    exclude(CLHUnlocked(), 1, 1)


def scenario_mcs():
    exclude(MCS(), 2, 1)


def scenario_mcs_impatient():
    exclude(MCSImpatient(), 1, 1)


def scenario_mcs_late():
    exclude(MCSLate(), 1, 1)
