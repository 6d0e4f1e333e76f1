"""Zähler mit Umlauten, 計數器."""

from together import together


class Zähler:
    def __init__(self):
        self.größe = 0
        self.名前 = "空"


def scenario():
    zähler = Zähler()

    def jürgen():
        zähler.größe += 1
        zähler.名前 = "ユルゲン"

    def 太郎():
        zähler.größe += 1
        zähler.名前 = "太郎"

    together(jürgen, 太郎)
    assert zähler.größe == 2, "größe ist nicht 2"
