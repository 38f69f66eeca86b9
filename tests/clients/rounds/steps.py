"""Steps of a round in Python: each prints a line, and the round goes on after one that failed."""

import sys
import traceback


class Round:
    """The steps of one client, and how many of them failed."""

    def __init__(self, client):
        self.client = client
        self.failed = 0

    def step(self, name, act):
        """Runs `act`; it fails by an exception. Returns its result, or None."""
        try:
            result = act()
        except Exception as problem:  # noqa: BLE001: a failed step must not end the round
            self.failed += 1
            where = traceback.extract_tb(problem.__traceback__)[-1]
            text = f"{type(problem).__name__}: {problem}"
            for stream in ("stdout", "stderr"):
                output = getattr(problem, stream, None)
                if output:
                    output = output.decode(errors="replace") if isinstance(output, bytes) else output
                    text += f"\n{stream}: {output.strip()}"
            print(f"FAILED  {self.client}: {name} ({where.filename}:{where.lineno})")
            print("        " + text.strip().replace("\n", "\n        "), flush=True)
            return None
        print(f"ok      {self.client}: {name}", flush=True)
        return result

    def end(self):
        """Ends the program: status 1 if a step failed."""
        sys.exit(1 if self.failed else 0)


def expect(condition, found):
    """Fails the step with what was found, unless the condition holds."""
    if not condition:
        raise AssertionError(f"found {found!r}")
