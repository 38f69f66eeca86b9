# shellcheck shell=bash
# What the bed tells the person, and how it gives up. Everything goes to stderr: stdout is for results.

say() { printf 'bed: %s\n' "$*" >&2; }

# The status of a shell that gave up and said why; the program itself ends with 1 then.
SAID=97

die() {
    printf 'bed: error: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf 'bed:        %s\n' "$line" >&2; done
    exit "$SAID"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Seconds since the epoch with three decimals, without starting a process.
now() { printf '%s' "$EPOCHREALTIME" | tr ',' '.'; }

# since START: seconds from START until now, one decimal.
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

# step WHAT COMMAND…: runs it with all its output in the bed's log and says how long it took. On failure the end of
# that output is shown, so that a person sees the cause without looking for a file.
step() {
    local what=$1 started output status=0
    shift
    started=$(now)
    output=$(mktemp)
    # `set -e` does not act inside a condition, so the command gets a shell of its own, in which it does.
    trap - ERR
    set +e
    (set -e && "$@") >"$output" 2>&1 </dev/null
    status=$?
    set -e
    trap 'on_error "$?" "${BASH_SOURCE[0]}" "$LINENO"' ERR
    cat "$output" >>"$BED_LOG" 2>/dev/null || true
    if ((status != 0)); then
        tail -n 25 "$output" >&2
        rm -f "$output"
        die "$what: failed with status $status" "all of the output is in $BED_LOG"
    fi
    rm -f "$output"
    say "$what: $(since "$started") s"
}

# until_true SECONDS COMMAND…: polls ten times a second until the command succeeds; fails after SECONDS.
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}
