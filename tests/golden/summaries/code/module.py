"""Stock of the shop, in memory. It is lost at the end."""

import json

import numpy as np
from requests import get


class Stock:
    """All pieces. By article."""

    def take(self, article):
        """Take a piece. Raise if there is none."""

    def _check(self):
        pass


def _private():
    pass


def main():
    """Print the stock."""


if __name__ == "__main__":
    main()
