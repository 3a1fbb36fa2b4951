"""Runs unittest's tests of a program, in the order in which they stand there, and speaks TAP."""
import sys
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.bad = False

    def _say(self, test, ok, rest=""):
        name = test.id().rpartition(".")[2].replace("test_", "", 1).replace("_", " ")
        print(f"{'ok' if ok else 'not ok'} {self.testsRun} - {name}{rest}", flush=True)

    def addSuccess(self, test):
        self._say(test, True)

    def addSkip(self, test, reason):
        self._say(test, True, f" # SKIP {reason}")

    def _fail(self, test, error):
        self.bad = True
        for line in self._exc_info_to_string(error, test).splitlines():
            print("# " + line)
        self._say(test, False)

    def addFailure(self, test, error):
        self._fail(test, error)

    def addError(self, test, error):
        self._fail(test, error)


def main():
    module = sys.modules["__main__"]
    only = sys.argv[1:]
    suite = unittest.TestSuite()
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == "__main__":
            names = [name for name in vars(value) if name.startswith("test_") and (not only or name in only)]
            suite.addTests(value(name) for name in names)
    print(f"1..{suite.countTestCases()}", flush=True)
    result = TapResult()
    suite.run(result)
    sys.exit(result.bad)
