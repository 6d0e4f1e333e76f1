"""Run functions in threads of their own, which are named after them."""

from threading import Thread


def together(*functions):
    threads = [Thread(target=function, name=function.__name__) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
