#!/usr/bin/python3
"""A study on a Slurm of its own: munged, slurmctld and slurmd on the loopback; speaks TAP.

    test_slurm.py ENGRAM-CLI

Five shards: one is requeued, one is killed, and what comes out is a single run's, byte by byte. The settings are those that
work in a container, without cgroups, a database or names that resolve.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CLI = os.path.abspath(sys.argv[1])
OPTIONS = ["demo", "--limit=40", "--samples=100"]
SHARDS = 5
PATIENCE = 420  # seconds for all of it, on a machine that does other things, too
CONF = """ClusterName=engram
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
KillWait=30
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus}
PartitionName=all Nodes=ALL Default=YES
"""


START = time.monotonic()


def wait_for(what, done, seconds=PATIENCE):
    """Until done() gives something, which is returned."""
    print(f"# {time.monotonic() - START:.0f} s: waiting for {what}", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.05)
    raise RuntimeError(f"after {seconds} s there was still no {what}")


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


class Slurm:
    """One node, which is this machine."""

    def __init__(self, folder):
        self.folder = folder
        os.chmod(folder, 0o755)
        for name in ["munge", "state", "spool"]:
            os.mkdir(os.path.join(folder, name), 0o755)
        key = os.path.join(folder, "munge/key")
        with open(key, "wb") as file:
            file.write(os.urandom(128))
        os.chmod(key, 0o600)
        conf = os.path.join(folder, "slurm.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(CONF.format(host=os.uname().nodename.split(".")[0], ports=free_ports(2), folder=folder, cpus=os.cpu_count()))
        os.environ["SLURM_CONF"] = conf
        munge = os.path.join(folder, "munge")
        run("munged", f"--key-file={key}", f"--socket={munge}/socket", f"--pid-file={folder}/munged.pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        run("slurmctld", "-f", conf)
        run("slurmd", "-f", conf)
        wait_for("idle node", lambda: "idle" in subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False).stdout, 60)

    def stop(self):
        subprocess.run(["scancel", "-u", "root"], capture_output=True, check=False)
        time.sleep(1)
        for name in ["slurmctld", "slurmd", "munged"]:
            try:
                with open(os.path.join(self.folder, name + ".pid"), encoding="ascii") as file:
                    os.kill(int(file.read()), signal.SIGTERM)
            except (OSError, ValueError):
                pass


def read(*parts):
    try:
        with open(os.path.join(*parts), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def program_of(folder):
    """The process that traces into this folder."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        words = read("/proc", pid, "cmdline").split(b"\0")
        if words[0] == CLI.encode() and folder.encode() in words:
            return int(pid)
    return None


def under_way(folder):
    """Whether it has facts, and not all of them."""
    return len(read(folder, "journal")) > 0 and not os.path.exists(os.path.join(folder, "results.npz")) and program_of(folder)


def disturb(study, job):
    """Requeues shard 1 and kills another one, both amid their facts; the others run as they do."""
    shards = [os.path.join(study, f"shard-{i}") for i in range(1, SHARDS + 1)]
    wait_for("facts of shard 1", lambda: under_way(shards[0]))
    run("scontrol", "requeue", f"{job}_1")
    pid = wait_for("facts of another shard", lambda: next(filter(None, map(under_way, shards[1:])), None))
    threads = read("/proc", str(pid), "cmdline").split(b"\0")[-2]
    os.kill(pid, signal.SIGKILL)
    wait_for("end of shard 1's task", lambda: program_of(shards[0]) is None, 60)
    before = read(shards[0], "journal")
    # A requeued task waits for two minutes, otherwise.
    wait_for("shard 1 among what waits", lambda: "PD" in run("squeue", "-h", "-o", "%t", "-j", f"{job}_1"), 60)
    run("scontrol", "update", f"JobId={job}_1", "StartTime=now")
    return before, threads


def try_study(folder):
    """What is asserted: (name, whether it held)."""
    print(f"# {time.monotonic() - START:.0f} s: Slurm is there", flush=True)
    single, study = os.path.join(folder, "single"), os.path.join(folder, "a study")
    run(CLI, "study", "run", *OPTIONS, "--folder", single)
    said = run(CLI, "study", "slurm", *OPTIONS, "--folder", study, "--shards", str(SHARDS), "--cpus-per-task=1", "--time=30", "--submit")
    job = re.search(r"Job (\d+): 5 of 5 shards", said)[1]
    before, threads = disturb(study, job)
    wait_for("merged study", lambda: os.path.exists(os.path.join(study, "merged/results.npz")))
    merged = os.path.join(study, "merged")
    names = sorted(os.listdir(single))
    log = read(study, "log/merge.log").decode()
    requeued = read(study, "log/shard-1.log").decode()
    return [
        ("a requeued task stopped with its facts kept and went on", len(before) > 0 and requeued.count("Facts:") == 1 and "Stopped:" in requeued),
        ("a killed task was sent again by the merging job", re.search(r"[12] of 5 shards are not finished", log) and re.search(r"Job \d+: [12] of 5 shards", log)),
        ("tasks have the threads that Slurm gives them, not the node's", threads == b"1"),
        ("the merged study is a single run's, byte by byte", names == sorted(os.listdir(merged)) and all(read(single, name) == read(merged, name) for name in names)),
    ]


def main():
    missing = [name for name in ["munged", "slurmctld", "slurmd", "sbatch"] if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        print("1..0 # SKIP " + ("Slurm is not installed" if missing else "Slurm's daemons are started by root alone"))
        return
    failed = False
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        slurm = None
        try:
            slurm = Slurm(folder)
            results = try_study(folder)
        except (RuntimeError, subprocess.CalledProcessError, TypeError) as error:
            results = [(f"no accident: {error} {getattr(error, 'stderr', '')}".replace("\n", " ").replace("#", ""), False)]
            for name in ["slurmctld.log", "slurmd.log", "a study/log/merge.log", "a study/log/shard-1.log", "a study/log/shard-2.log"]:
                print("\n".join(f"# {name}: {line}" for line in read(folder, name).decode(errors="replace").splitlines()[-15:]))
        finally:
            if slurm is not None:
                slurm.stop()
    print(f"1..{len(results)}")
    for i, (name, held) in enumerate(results, 1):
        failed = failed or not held
        print(f"{'ok' if held else 'not ok'} {i} - {name}")
    sys.exit(failed)


main()
