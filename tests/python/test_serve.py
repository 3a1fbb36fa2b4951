"""engram-cli serve, by its protocol: docs/serve.md. Speaks TAP."""
import base64
import io
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap_unittest  # noqa: E402

PROGRAM = os.environ["ENGRAM_CLI"]
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/serve.md")
PROMPT, SUBJECT = "The Eiffel Tower is located in", "Eiffel Tower"
TRACE = {"method": "trace", "prompt": PROMPT, "subject": SUBJECT}
LONG = dict(TRACE, samples=10000, site="all", progress=True)
PATIENCE = 120


class Served:
    """A running serve; events as they come."""

    def __init__(self, options=(), **how):
        self.process = subprocess.Popen([PROGRAM, "serve", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how)
        self.events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ready = self.next()

    def _read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))
        self.events.put(None)

    def next(self):
        return self.events.get(timeout=PATIENCE)

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, **request):
        self.write(json.dumps(request).encode() + b"\n")

    def end_of(self, number):
        """The request's last event, and how many came before it."""
        n = 0
        while True:
            event = self.next()
            if event is None:
                raise AssertionError("serve has ended")
            if event["id"] == number and event["event"] in ("result", "error"):
                return event, n
            n += 1

    def ask(self, **request):
        self.send(id=1, **request)
        return self.end_of(1)[0]

    def error_of(self, **request):
        event = self.ask(**request)
        assert event["event"] == "error", event
        return event["error"]

    def finish(self):
        self.process.stdin.close()
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


def command_line(*arguments):
    return json.loads(subprocess.run([PROGRAM, *arguments, "--json"], check=True, capture_output=True).stdout)


def without_seconds(document):
    return {name: value for name, value in document.items() if name not in ("seconds", "date")}


class Serve(unittest.TestCase):
    def test_it_greets_with_its_protocol_version_and_methods(self):
        with Served() as served:
            self.assertEqual((served.ready["event"], served.ready["protocol"]), ("ready", 1))
            version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout.split()[-1]
            self.assertEqual(served.ready["version"], version)
            with open(DOCUMENT, encoding="utf-8") as file:
                text = file.read()
            for method in served.ready["methods"]:
                self.assertIn(f"`{method}`", text)

    def test_answers_are_the_documents_of_the_commands(self):
        with Served() as served:
            self.assertEqual(served.ask(method="predict", prompt=PROMPT, top=7)["result"], command_line("predict", PROMPT, "--top", "7"))
            self.assertEqual(served.ask(method="tokenize", text="Grüße, 東京")["result"], command_line("tokenize", "Grüße, 東京"))
            self.assertEqual(served.ask(method="models")["result"], command_line("models"))
            told, known = served.ask(method="load")["result"], command_line("info")
            # What info measures at the moment.
            for document in (told, known):
                for name in ("trace_memory", "trace_time"):
                    document.pop(name, None)
            self.assertEqual(told, known)

    def test_a_trace_is_that_of_the_command_line_to_the_last_bit(self):
        cases = [
            ({}, []),
            ({"samples": 3, "site": ["state", "mixer"], "metric": "all", "window": 3}, "--samples 3 --site state,mixer --metric all --window 3".split()),
            ({"noise": 1.5, "noise_scale": "embedding", "seed": 7}, "--noise 1.5 --noise-scale embedding --seed 7".split()),
            ({"corrupt": "swap:Space Needle", "direction": "damage", "sweep": "positions"}, ["--corrupt", "swap:Space Needle", "--direction", "damage", "--sweep", "positions"]),
            ({"replace": True, "until-sem": 0.05, "max-samples": 12, "samples": 4}, "--replace --until-sem 0.05 --max-samples 12 --samples 4".split()),
        ]  # fmt: skip
        with Served() as served:
            for members, options in cases:
                event = served.ask(**TRACE, **members)
                self.assertEqual(event["event"], "result", event)
                self.assertEqual(
                    without_seconds(event["result"]), without_seconds(command_line("trace", PROMPT, "--subject", SUBJECT, *options))
                )

    def test_an_estimate_is_that_of_the_command_line_to_the_last_bit(self):
        with Served() as served:
            for members, options in [({}, []), ({"site": ["state", "mixer"], "ig": 3}, ["--site", "state,mixer", "--ig", "3"])]:
                document = served.ask(**dict(TRACE, method="estimate"), **members)["result"]
                self.assertTrue(document["estimated"])
                self.assertNotIn("scores", document)
                known = command_line("trace", PROMPT, "--subject", SUBJECT, "--estimate", *options)
                self.assertEqual(without_seconds(document), without_seconds(known))
            options = ["--subject", SUBJECT, "--site", "resid,state", "--estimate", "--exact-top", "3"]
            done = subprocess.run([PROGRAM, "trace", PROMPT, *options, "--json"], check=True, capture_output=True, text=True)
            event = served.ask(**dict(TRACE, method="estimate"), site="resid,state", exact_top=3)
            self.assertEqual(without_seconds(event["result"]), without_seconds(json.loads(done.stdout)))
            self.assertEqual(["engram-cli: " + note for note in event["notes"]], done.stderr.splitlines())
            self.assertEqual(sum(score is not None for row in event["result"]["scores"] for score in row), 26)
            self.assertEqual(served.error_of(**dict(TRACE, method="estimate"), **{"exact-top": 0})["field"], "exact-top")

    def test_every_option_of_the_command_line_is_known(self):
        help_text = subprocess.run([PROGRAM, "trace", "--help"], capture_output=True, text=True).stdout
        typed = set(re.findall(r"--([a-z-]+)", help_text)) - {"output", "save-every", "stream", "json", "help", "pull", "estimate", "exact-top", "no-estimate"}
        with Served() as served:
            options = {option["name"] for option in served.ask(method="options")["result"]["options"]}
            self.assertEqual(typed, options | {"model", "tokenizer", "device", "precision", "gemm", "threads", "resume"})

    def test_progress_comes_before_the_result_and_ends_with_its_numbers(self):
        with Served() as served:
            served.send(id="x", **TRACE, samples=4)
            start = served.next()
            self.assertEqual((start["id"], start["event"], start["shape"], start["subject_range"]), ("x", "start", [8, 6], [1, 2]))
            scores, share = np.full(start["shape"], np.nan), 0
            while True:
                event = served.next()
                if event["event"] == "result":
                    break
                self.assertGreaterEqual(event["share"], share)
                share = event["share"]
                for _, layer, position, score, _, _ in event["cells"]:
                    scores[layer, position] = score
            self.assertEqual(share, 1)
            self.assertEqual(scores.tolist(), event["result"]["scores"])
            event, before = (served.send(id=2, **TRACE, progress=False), served.end_of(2))[1]
            self.assertEqual((event["event"], before), ("result", 0))

    def test_a_result_can_come_as_its_file(self):
        with Served() as served:
            document = served.ask(**TRACE)["result"]
            event = served.ask(**TRACE, form="npz")
            with np.load(io.BytesIO(base64.b64decode(event["npz"]))) as arrays:
                self.assertEqual(arrays["scores"].astype(float).tolist(), document["scores"])
            self.assertTrue(event["complete"])

    def test_a_trace_is_in_its_file_while_it_runs_and_at_its_end(self):
        with Served() as served, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kept.npz")
            served.send(id=1, **dict(LONG, output=path, **{"save-every": 0.05}))
            end = time.monotonic() + PATIENCE
            while not os.path.exists(path) and time.monotonic() < end:
                time.sleep(0.02)
            self.assertFalse(np.load(path)["complete"])
            served.send(id=2, method="cancel", request=1)
            last, _ = served.end_of(1)
            self.assertFalse(last["complete"])
            whole = served.ask(**TRACE, form="npz", output=path)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), base64.b64decode(whole["npz"]))
            # The numbers come all the same where the file cannot be written.
            lost = served.ask(**TRACE, output=os.path.join(folder, "none/kept.npz"))
            self.assertTrue(lost["complete"])
            self.assertIn("none", lost["notes"][-1])
            for members, field in (({"output": "kept.json"}, "output"), ({"output": path, "save-every": 0}, "save-every")):
                self.assertEqual(served.ask(**TRACE, **members)["error"]["field"], field)

    def test_errors_name_the_field(self):
        with Served() as served:
            for field, request in [
                ("samples", dict(TRACE, samples=0)),
                ("noise-scale", dict(TRACE, noise_scale="loud")),
                ("subject", dict(TRACE, subject="Eiffel Towr")),
                ("subject", {"method": "trace", "prompt": PROMPT}),
                ("prompt", {"method": "trace", "subject": SUBJECT}),
                ("prompt", {"method": "predict", "prompt": 5}),
                ("top", {"method": "predict", "prompt": PROMPT, "top": -1}),
                ("site", dict(TRACE, site="attn")),
                ("site", dict(TRACE, site=["state", 3])),
                ("window", dict(TRACE, window={"a": 1})),
                ("replace", dict(TRACE, replace="yes")),
                ("max-samples", dict(TRACE, max_samples=20)),
                ("device", dict(TRACE, device="abacus")),
                ("threads", dict(TRACE, threads=0)),
                ("form", dict(TRACE, form="pickle")),
                ("resume", {"method": "trace", "resume": "/no/such/file.npz"}),
                ("ids", {"method": "decode", "ids": [1, -1]}),
                ("sample", dict(TRACE, sample=5)),
                ("method", {"method": "dance"}),
            ]:
                error = served.error_of(**request)
                self.assertEqual(error["field"], field, (request, error))
                self.assertIn(error["code"], ("invalid", "not-found", "unsupported"))
            self.assertEqual(served.error_of(method="load", model="no/such")["code"], "not-found")
            for request in [{"metric": "rank"}, {"freeze": "mixer"}]:
                self.assertIn(served.error_of(**dict(TRACE, method="estimate"), **request)["code"], ("invalid", "unsupported"))

    def test_what_is_no_request_is_answered_and_survived(self):
        with Served() as served:
            for line in [b"{", b"[1]", b"\xff\xfe{}", b"5", b'{"id":[1],"method":"models"}', b'{"id":1.5}', b"{} {}", b"x" * (17 << 20)]:
                served.write(line + b"\n")
                event = served.next()
                self.assertEqual((event["id"], event["event"]), (None, "error"), line[:40])
            served.write(b"\n  \n\r\n")
            self.assertEqual(served.ask(method="decode", ids=[265])["result"]["text"], "The")

    def test_a_cancelled_trace_gives_what_it_has_and_goes_on_to_the_same_bits(self):
        folder = os.environ.get("TMPDIR", "/tmp")
        path = os.path.join(folder, f"engram-serve-{os.getpid()}.npz")
        request = dict(TRACE, samples=300, site="resid,state", form="npz")
        with Served() as served:
            whole = served.ask(**request, progress=False)["npz"]
            served.send(id=5, **request)
            while served.next()["event"] != "progress":
                pass
            served.send(id=6, method="cancel", request=5)
            events = [served.end_of(n)[0] for n in (6,)]
            self.assertEqual(events[0]["result"], {"cancelled": True})
            event = served.end_of(5)[0]
            self.assertEqual((event["event"], event["complete"]), ("result", False))
            try:
                with open(path, "wb") as file:
                    file.write(base64.b64decode(event["npz"]))
                after = served.ask(method="trace", resume=path, form="npz")
            finally:
                os.unlink(path)
            self.assertTrue(after["complete"])
            with np.load(io.BytesIO(base64.b64decode(whole))) as a, np.load(io.BytesIO(base64.b64decode(after["npz"]))) as b:
                self.assertEqual(a["scores"].tobytes(), b["scores"].tobytes())
                self.assertEqual(a["scores_state"].tobytes(), b["scores_state"].tobytes())

    def test_waiting_requests_can_be_cancelled_and_others_cannot(self):
        with Served() as served:
            served.send(id=1, **LONG)
            served.send(id=2, **TRACE)
            served.send(id=2, **TRACE)
            served.send(id=3, method="cancel", request=2)
            served.send(id=4, method="cancel", request=77)
            self.assertEqual(served.end_of(3)[0]["result"], {"cancelled": True})
            self.assertEqual(served.end_of(4)[0]["result"], {"cancelled": False})
            served.send(id=5, method="cancel", request=1)
            served.end_of(1)
            self.assertEqual(served.end_of(2)[0]["error"]["code"], "cancelled")
            self.assertEqual(served.end_of(2)[0]["error"]["field"], "id")

    def test_it_ends_with_its_input_after_its_answers(self):
        lines = b"".join(json.dumps(dict(TRACE, id=n)).encode() + b"\n" for n in range(3))
        done = subprocess.run([PROGRAM, "serve"], input=lines, capture_output=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines() if b'"event":"result"' in line], [0, 1, 2])

    def test_what_multiplies_is_said_once_for_all_models(self):
        known = command_line("trace", PROMPT, "--subject", SUBJECT, "--gemm", "openblas")
        with Served(options=["--gemm", "openblas"]) as served:
            self.assertEqual(without_seconds(served.ask(**TRACE)["result"]), without_seconds(known))
        for options in (["--gemm", "mkl"], ["--threads", "2"], ["more"]):
            done = subprocess.run([PROGRAM, "serve", *options], stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_it_dies_with_its_parent_in_the_middle_of_a_trace(self):
        # The parent's other child keeps both pipes open, as a fork of a Python program does.
        script = (
            "import subprocess, sys, time, os, json\n"
            "p = subprocess.Popen([sys.argv[1], 'serve'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
            "p.stdin.write(sys.argv[2].encode() + b'\\n'); p.stdin.flush()\n"
            "while b'progress' not in p.stdout.readline(): pass\n"
            "if os.fork() == 0:\n"
            "    os.close(1); time.sleep(60); os._exit(0)\n"
            "print(p.pid, flush=True)\n"
            "time.sleep(60)\n"
        )
        parent = subprocess.Popen([sys.executable, "-c", script, PROGRAM, json.dumps(dict(LONG, id=1))], stdout=subprocess.PIPE, start_new_session=True)
        try:
            pid = int(parent.stdout.readline())
            parent.kill()
            deadline = time.monotonic() + 20
            while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
                with open(f"/proc/{pid}/stat") as file:
                    if file.read().rpartition(")")[2].split()[0] == "Z":
                        break
                time.sleep(0.1)
            else:
                self.assertFalse(os.path.exists(f"/proc/{pid}"), "serve outlives its parent")
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
            parent.wait()
            parent.stdout.close()

    def test_it_dies_when_nobody_reads(self):
        with Served() as served:
            served.send(id=1, **dict(LONG, progress=False))
            time.sleep(0.2)
            other = subprocess.Popen([PROGRAM, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            other.stdin.write(json.dumps(dict(LONG, id=1, progress=False)).encode() + b"\n")
            other.stdin.flush()
            other.stdout.readline()
            other.stdout.close()
            self.assertNotEqual(other.wait(20), 0)
            other.stdin.close()

    def test_a_signal_ends_it_with_what_is_there(self):
        with Served() as served:
            served.send(id=1, **LONG)
            while served.next()["event"] != "progress":
                pass
            served.process.send_signal(signal.SIGTERM)
            self.assertEqual(served.process.wait(20), 143)

    def test_a_thousand_requests_leak_nothing(self):
        def figures(pid):
            with open(f"/proc/{pid}/status") as file:
                status = file.read()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1]), len(os.listdir(f"/proc/{pid}/fd")), int(re.search(r"Threads:\s+(\d+)", status)[1])

        def some(served, n):
            for i in range(n):
                served.ask(method="predict", prompt=PROMPT)
                served.ask(method="tokenize", text=PROMPT)
                served.ask(**TRACE, samples=1, form=("npz", "json")[i % 2], threads=1)
                served.error_of(**TRACE, samples=0)
                served.error_of(method="load", model="no/such")

        with Served(stderr=subprocess.PIPE) as served:
            some(served, 40)
            before = figures(served.process.pid)
            some(served, 200)
            after = figures(served.process.pid)
            # A thread of the last request may still be on its way out, with what it holds.
            for _ in range(50):
                if after[1] <= before[1]:
                    break
                time.sleep(0.1)
                after = figures(served.process.pid)
            print(f"# 1,000 requests: {before[0]} → {after[0]} KiB, {before[1]} → {after[1]} files, {before[2]} → {after[2]} threads")
            self.assertLess(after[0] - before[0], 4096)
            self.assertLessEqual(after[1], before[1])
            self.assertLessEqual(after[2], before[2] + 1)
            # With sanitizers, the end looks for what was forgotten.
            self.assertEqual(served.finish(), 0, served.process.stderr.read().decode()[-4000:])


if __name__ == "__main__":
    tap_unittest.main()
