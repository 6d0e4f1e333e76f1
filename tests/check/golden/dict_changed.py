"""A dictionary grows while another thread goes through it."""

from together import together


def scenario():
    prices = {"tea": 3, "rum": 7}

    def seller():
        prices["gin"] = 9

    def buyer():
        total = 0
        for name in prices:
            total += prices[name]

    together(seller, buyer)
