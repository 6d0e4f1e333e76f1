"""cachetools: its decorators with a lock, with a condition, and its caches without either."""

import threading

from cachetools import LRUCache, TTLCache, cached, cachedmethod

from tests.check.packages.scenarios.common import together


def scenario_locked():
    """`cached` with a lock, 2 calls of one key: both get the same value"""
    got = []

    @cached(LRUCache(2), lock=threading.Lock())
    def make(key):
        return [key]

    together(lambda: got.append(make(1)), lambda: got.append(make(1)))
    assert got[0] is got[1]


def scenario_locked_calls_once():
    """`cached` with a lock, 2 calls of one key: the function is called once"""
    calls = []

    @cached(LRUCache(2), lock=threading.Lock())
    def make(key):
        calls.append(key)

    together(lambda: make(1), lambda: make(1))
    assert calls == [1]


def scenario_condition_calls_once():
    """`cached` with a condition, 2 calls of one key: the function is called once"""
    calls = []

    @cached(LRUCache(2), condition=threading.Condition())
    def make(key):
        calls.append(key)

    together(lambda: make(1), lambda: make(1))
    assert calls == [1]


def scenario_condition_error():
    """`cached` with a condition, 2 calls of one key, the function raises: both are told"""
    told = []

    @cached(LRUCache(2), condition=threading.Condition())
    def make(key):
        raise ValueError(key)

    def call():
        try:
            make(1)
        except ValueError:
            told.append(1)

    together(call, call)
    assert told == [1, 1]


def scenario_condition_and_clear():
    """`cached` with a condition, 2 calls of one key, 1 cache_clear: nobody waits for ever"""

    @cached(LRUCache(2), condition=threading.Condition())
    def make(key):
        return key

    together(lambda: make(1), lambda: make(1), make.cache_clear)


def scenario_condition_info():
    """`cached` with a condition and info, 2 calls of one key: one miss, one hit"""

    @cached(LRUCache(2), condition=threading.Condition(), info=True)
    def make(key):
        return key

    together(lambda: make(1), lambda: make(1))
    info = make.cache_info()
    assert (info.hits, info.misses) == (1, 1)


def scenario_condition_with_ttl():
    """`cached` with a condition over a TTLCache, 2 calls of one key: nobody waits for ever"""

    @cached(TTLCache(2, 10), condition=threading.Condition())
    def make(key):
        return key

    together(lambda: make(1), lambda: make(1))


class Maker:
    def __init__(self):
        self.cache, self.condition, self.calls = LRUCache(2), threading.Condition(), []

    @cachedmethod(lambda self: self.cache, condition=lambda self: self.condition)
    def make(self, key):
        self.calls.append(key)


def scenario_method_calls_once():
    """`cachedmethod` with a condition, 2 calls of one key on one object: the function is called once"""
    maker = Maker()
    together(lambda: maker.make(1), lambda: maker.make(1))
    assert maker.calls == [1]


def scenario_cache_without_a_lock():
    """`cached` without a lock, room for 1, 2 calls of two keys: both get their value"""

    @cached(LRUCache(1))
    def make(key):
        return key

    together(lambda: make(1), lambda: make(2))
