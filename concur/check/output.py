"""What the code under test prints: caught, and capped."""

CAP = 10_000  # characters


class Output:
    """A text stream that keeps the first characters written to it."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._cut = False

    def write(self, text: str) -> int:
        room = CAP - self._length
        if room > 0:
            self._parts.append(text[:room])
            self._length += min(len(text), room)
        if len(text) > room:
            self._cut = True
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise OSError("output is caught while a scenario runs; it has no file")

    def clear(self) -> None:
        self._parts.clear()
        self._length = 0
        self._cut = False

    def kept(self) -> tuple[list[str], bool]:
        """What was written, for `keep` in another process."""
        return self._parts, self._cut

    def keep(self, written: tuple[list[str], bool]) -> None:
        """Take over what was written elsewhere."""
        self.clear()
        self.writelines(written[0])
        self._cut = written[1]

    @property
    def text(self) -> str:
        cut = f"\n... cut after {CAP:,} characters" if self._cut else ""
        return "".join(self._parts) + cut
