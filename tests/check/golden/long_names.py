"""Long names and long values."""

from together import together


class InventoryOfTheCentralWarehouse:
    def __init__(self):
        self.number_of_items_that_are_in_stock = {"a_very_long_description_of_an_item_in_stock": 10**30}


def scenario():
    inventory_of_the_central_warehouse = InventoryOfTheCentralWarehouse()
    stock = inventory_of_the_central_warehouse

    def the_thread_that_takes_items_out():
        for name in list(stock.number_of_items_that_are_in_stock):
            stock.number_of_items_that_are_in_stock[name] -= 123456789012345678901234567890

    def the_thread_that_puts_items_back():
        for name in list(stock.number_of_items_that_are_in_stock):
            stock.number_of_items_that_are_in_stock[name] += 123456789012345678901234567890

    together(the_thread_that_takes_items_out, the_thread_that_puts_items_back)
    assert sum(stock.number_of_items_that_are_in_stock.values()) == 10**30
