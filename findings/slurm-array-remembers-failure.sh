#!/bin/sh
# Slurm 22.05.8 (Debian 12), an array of which one task fails, is put back with `scontrol requeue` and succeeds: a job that
# waits with afterok:ARRAY never starts (DependencyNeverSatisfied), and neither does one that is submitted when every task is
# COMPLETED. Naming the tasks one by one (afterok:ARRAY_0:ARRAY_1) waits for ever just so. afterany starts when the failed
# try ends, and so before the task's second try. aftercorr with more tasks than the array has: those without a counterpart
# wait for all.
# Needs Debian 12's archive (apt-get download) and root; daemons listen on 127.0.0.1 alone.
set -eu
version=22.05.8-4+deb12u3
folder=$(mktemp -d)
stop() {
  for daemon in slurmctld slurmd munged; do
    [ ! -e "$folder/$daemon.pid" ] || kill "$(cat "$folder/$daemon.pid")" 2>/dev/null || true
  done
  sleep 2
  rm -rf "$folder"
}
trap stop EXIT
chmod 755 "$folder"
cd "$folder"
mkdir root munge state spool debs
(cd debs && chmod 777 . && apt-get download -q "slurmctld=$version" "slurmd=$version" "slurm-client=$version" \
  "slurm-wlm-basic-plugins=$version" munge libmunge2 libhwloc15 libnuma1 >/dev/null 2>&1)
for package in debs/*.deb; do
  dpkg -x "$package" root
done
libraries=$folder/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$libraries:$libraries/slurm-wlm PATH=$folder/root/usr/sbin:$folder/root/usr/bin:$PATH SLURM_CONF=$folder/slurm.conf

head -c 128 /dev/urandom >munge/key
chmod 600 munge/key
munged --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
host=$(uname -n)
host=${host%%.*}
cat >slurm.conf <<CONF
ClusterName=finding
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=27827
SlurmdPort=27828
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthInfo=socket=$folder/munge/socket
PluginDir=$libraries/slurm-wlm
SlurmUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/pgid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=8
PartitionName=all Nodes=ALL Default=YES
CONF
slurmctld-wlm -f "$SLURM_CONF"
slurmd-wlm -f "$SLURM_CONF" -d "$folder/root/usr/sbin/slurmstepd-wlm"
for _ in $(seq 60); do
  [ "$(sinfo -h -o %T)" != idle ] || break
  sleep 0.5
done

cat >task.sh <<'TASK'
#!/bin/sh
[ "$SLURM_ARRAY_TASK_ID" != 1 ] || [ -n "${SLURM_RESTART_COUNT:-}" ] || exit 1
TASK
submit() { # OPTION…
  sbatch --parsable -o /dev/null "$@"
}
state() { # JOB
  squeue -a -t all -h -o '%T %r' -j "$1"
}
expect() { # WHAT STATE JOB
  for _ in $(seq 20); do
    found=$(state "$3" | sort -u | tr '\n' ';')
    [ "$found" != "$2;" ] || break
    sleep 0.5
  done
  echo "$1: $found"
  [ "$found" = "$2;" ] || { echo "expected: $2"; exit 1; }
}

sinfo --version
array=$(submit --requeue --array=0-2 task.sh)
all=$(submit --dependency=afterok:"$array" --wrap true)
each=$(submit --dependency=afterok:"${array}_0:${array}_1:${array}_2" --wrap true)
any=$(submit --dependency=afterany:"$array" --wrap true)
expect "task 1, at first" "FAILED NonZeroExitCode" "${array}_1"
expect "afterany, before it is put back" "COMPLETED None" "$any"
scontrol requeue "${array}_1"
sleep 1
scontrol update jobid="${array}_1" starttime=now
expect "all tasks, task 1 having been put back" "COMPLETED None" "$array"
late=$(submit --dependency=afterok:"$array" --wrap true)
expect "afterok of the array" "PENDING DependencyNeverSatisfied" "$all"
expect "afterok of its tasks one by one" "PENDING DependencyNeverSatisfied" "$each"
expect "afterok of the array, submitted now" "PENDING DependencyNeverSatisfied" "$late"

array=$(submit --array=0-1 --wrap 'sleep 1')
longer=$(submit --array=0-2 --dependency=aftercorr:"$array" --wrap true)
expect "aftercorr, longer than its array" "COMPLETED None" "$longer"
