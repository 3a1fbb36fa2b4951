#!/bin/sh
# make-man.sh ENGRAM-CLI HEAD TAIL VERSION: the manual page of engram-cli, its options from the program's own tables.
set -eu
sed "s/@VERSION@/$4/" "$2"
LC_ALL=C.UTF-8 LANGUAGE= "$1" describe man
cat "$3"
