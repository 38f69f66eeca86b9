#!/bin/bash
# Options alone are for the server; anything else is the program to run.
set -euo pipefail
case ${1:-} in
    '' | -*) set -- cassandra "$@" ;;
esac
exec "$@"
