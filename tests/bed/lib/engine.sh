# shellcheck shell=bash
# The engine of the bed: which one, started, asked, stopped.

# generation: the chosen one, from HOIST_TEST_ENGINE; when it is not set the one that runs, or else the newest of the
# distribution.
generation() {
    case ${HOIST_TEST_ENGINE:-} in
        '' | none)
            if [[ -n $(running_generation) ]] && bed_answers; then
                running_generation
            elif [[ $HOST_ID == ubuntu ]]; then
                printf 'own\n'
            else
                printf '28\n'
            fi
            ;;
        28 | 26.1 | 20.10)
            [[ $HOST_ID == debian ]] || die "HOIST_TEST_ENGINE=$HOIST_TEST_ENGINE needs Debian: Ubuntu has one engine, its own"
            printf '%s\n' "$HOIST_TEST_ENGINE"
            ;;
        podman) printf 'podman\n' ;;
        *) die "HOIST_TEST_ENGINE=$HOIST_TEST_ENGINE: choose 20.10, 26.1, 28, podman or none" ;;
    esac
}

# suite_of GENERATION: the suite whose packages make that engine.
suite_of() {
    case $1 in
        28) printf 'sid\n' ;;
        26.1) printf 'trixie\n' ;;
        20.10) printf 'bookworm\n' ;;
        own | podman) printf '%s\n' "$HOST_SUITE" ;;
    esac
}

# One engine runs at a time and always at this address, whatever its generation. The second engine, which is for tests of
# another image store, has an address of its own.
SECOND_ENGINE=''
bed_socket() { printf '%s/%s.sock\n' "$HOIST_BED" "${SECOND_ENGINE:-docker}"; }
engine_folder() { printf '%s/engine/%s\n' "$HOIST_BED" "$1"; }
running_generation() {
    if [[ -n $SECOND_ENGINE ]]; then printf '%s\n' "$SECOND_ENGINE"; else cat "$HOIST_BED/running" 2>/dev/null || true; fi
}

# api METHOD PATH CURL-OPTIONS…: one call to the bed's engine; fails on an HTTP error.
api() {
    local method=$1 path=$2
    shift 2
    curl --silent --show-error --fail-with-body --unix-socket "$(bed_socket)" -X "$method" "$@" "http://bed$path"
}

bed_answers() { api GET /_ping --max-time 3 --output /dev/null 2>/dev/null; }

# --- an engine that was here before -------------------------------------------------------------------------------

# curl_target HOST: curl's arguments for a DOCKER_HOST; fails for a kind the bed does not look at.
curl_target() {
    case $1 in
        unix://*) printf '%s\n' --unix-socket "${1#unix://}" http://engine ;;
        tcp://*) printf '%s\n' "http://${1#tcp://}" ;;
        *) return 1 ;;
    esac
}

# system_host: the DOCKER_HOST of an engine that was here before and reaches a registry; fails without one. The engine is
# asked for the manifest of a small image, which fetches nothing.
system_host() {
    local host=${DOCKER_HOST:-unix:///var/run/docker.sock} target
    [[ -z ${HOIST_TEST_ENGINE:-} ]] || return 1
    [[ $host != "unix://$(bed_socket)" ]] || return 1
    have curl || return 1
    if ! curl_target "$host" >/dev/null; then
        say "DOCKER_HOST=$host: the bed looks at unix:// and tcp:// only and makes an engine of its own"
        return 1
    fi
    mapfile -t target < <(curl_target "$host")
    curl --silent --fail --max-time 3 --output /dev/null "${target[@]::${#target[@]}-1}" "${target[-1]}/_ping" 2>/dev/null ||
        return 1
    if ! curl --silent --fail --max-time 8 --output /dev/null "${target[@]::${#target[@]}-1}" \
        "${target[-1]}/distribution/busybox:latest/json" 2>/dev/null; then
        say "the Docker at $host reaches no registry: the bed makes an engine of its own beside it"
        return 1
    fi
    printf '%s\n' "$host"
}

# --- what the machine has to offer --------------------------------------------------------------------------------

check_machine() {
    local hierarchies
    hierarchies=$(awk '$3 == "cgroup" || $3 == "cgroup2"' /proc/mounts | wc -l)
    ((hierarchies > 0)) || die "no cgroup hierarchy is mounted on this machine, so no engine can start" \
        "for version 2: mount -t cgroup2 none /sys/fs/cgroup"
    if ! grep -q ' cgroup2 ' /proc/mounts || grep -q ' cgroup ' /proc/mounts; then
        local controller
        for controller in devices memory cpu; do
            awk -v c="$controller" '$3 == "cgroup" && $4 ~ "(^|,)" c "(,|$)" { found = 1 } END { exit !found }' /proc/mounts ||
                die "cgroup version 1 without its \`$controller\` hierarchy: an engine needs it" \
                    "mount -t cgroup -o $controller none /sys/fs/cgroup/$controller"
        done
    fi
}

# path_of SUITE: PATH with the suite's binaries and the bed's choice of iptables in front.
path_of() {
    local folder
    folder=$(suite_folder "$1")
    printf '%s:%s:%s:%s:/usr/local/sbin:/usr/sbin:/sbin\n' "$HOIST_BED/bin" "$folder/usr/bin" "$folder/usr/sbin" "$PATH"
}

# choose_iptables: the kernel may lack nf_tables; then the older iptables, for this engine only.
choose_iptables() {
    local tool
    rm -rf "${HOIST_BED:?}/bin"
    mkdir -p "$HOIST_BED/bin"
    if iptables -t nat -S >/dev/null 2>&1; then return 0; fi
    for tool in iptables ip6tables; do
        [[ -x /usr/sbin/$tool-legacy ]] && ln -sf "/usr/sbin/$tool-legacy" "$HOIST_BED/bin/$tool"
    done
    PATH="$HOIST_BED/bin:$PATH" iptables -t nat -S >/dev/null 2>&1 || return 1
}

# other_engine: whether some other dockerd runs in this network namespace, whose rules must not be touched.
other_engine() {
    local process namespace
    namespace=$(readlink /proc/self/ns/net)
    for process in /proc/[0-9]*; do
        [[ $(cat "$process/comm" 2>/dev/null) == dockerd ]] || continue
        [[ $(readlink "$process/ns/net") == "$namespace" ]] || continue
        grep -qzF -- "--data-root=$HOIST_BED/" "$process/cmdline" 2>/dev/null || return 0
    done
    return 1
}

# --- start --------------------------------------------------------------------------------------------------------

# The bed's addresses: a bridge and a pool of its own, away from those of a system Docker.
BED_BRIDGE=hoist-bed0
BED_BRIDGE_ADDRESS=10.213.0.1/24
BED_POOL=10.213.0.0/16

# make_bridge NAME ADDRESS
make_bridge() {
    ip link show "$1" >/dev/null 2>&1 || ip link add "$1" type bridge
    [[ $(ip address show dev "$1") == *" $2 "* ]] || ip address add "$2" dev "$1"
    ip link set "$1" up
    ip link set lo up
}

# Rules that stand in for the engine's own when those have to stay off: everything of the bed's pool may leave and return.
pool_rules() {
    printf '%s\n' \
        "-t nat POSTROUTING -s $BED_POOL ! -d $BED_POOL -j MASQUERADE" \
        "-t filter FORWARD -s $BED_POOL -j ACCEPT" \
        "-t filter FORWARD -d $BED_POOL -j ACCEPT"
}

add_pool_rules() {
    local _t table rule
    sysctl -qw net.ipv4.ip_forward=1
    pool_rules | while read -r _t table rule; do
        # shellcheck disable=SC2086  # the rule is words
        iptables -t "$table" -C $rule 2>/dev/null || iptables -t "$table" -I $rule
    done
}

remove_pool_rules() {
    local _t table rule
    have iptables || return 0
    pool_rules | while read -r _t table rule; do
        # shellcheck disable=SC2086
        while iptables -t "$table" -D $rule 2>/dev/null; do :; done
    done
}

# start_engine GENERATION: leaves that engine running and answering, or fails.
start_engine() {
    local generation=$1 suite started
    if bed_answers; then
        [[ $(running_generation) != "$generation" ]] || return 0
        stop_engine
    fi
    check_machine
    clear_leftovers
    suite=$(suite_of "$generation")
    started=$(now)
    if [[ $generation == podman ]]; then
        start_podman || return 1
    else
        install_here ca-certificates curl git iproute2 iptables kmod procps runc
        # shellcheck disable=SC2046  # a list of packages
        unpack_suite "$suite" $(engine_packages "$suite")
        libraries_of "$suite" || return 1
        start_dockerd "$generation" "$suite" || return 1
    fi
    printf '%s\n' "$generation" >"$HOIST_BED/running"
    say "engine $(api GET /version | grep -o '"Version":"[^"]*"' | head -n 1 | cut -d '"' -f 4) at unix://$(bed_socket)," \
        "$(since "$started") s"
}

start_dockerd() {
    local options=()
    make_bridge "$BED_BRIDGE" "$BED_BRIDGE_ADDRESS"
    options=("--bridge=$BED_BRIDGE" "--default-address-pool=base=$BED_POOL,size=24")
    if other_engine; then
        say "another engine runs here: the bed's one leaves iptables alone, networks are not isolated from each other"
        options+=(--iptables=false --ip6tables=false)
        add_pool_rules
    elif ! choose_iptables; then
        say "iptables does not work here: the bed's engine goes without, containers reach nothing outside"
        options+=(--iptables=false --ip6tables=false)
    fi
    run_dockerd "$1" "$2" '{}' "${options[@]}"
}

# run_dockerd GENERATION SUITE CONFIGURATION OPTION…: waits until it answers.
run_dockerd() {
    local generation=$1 suite=$2 configuration=$3 folder options=()
    folder=$(engine_folder "$generation")
    mkdir -p "$folder/data" "$folder/run"
    printf '%s\n' "$configuration" >"$folder/daemon.json"
    options=(
        "--data-root=$folder/data" "--exec-root=$folder/run" "--pidfile=$folder/pid"
        "--host=unix://$(bed_socket)" "--group=${SUDO_GID:-0}" "--config-file=$folder/daemon.json" "${@:4}"
    )
    PATH=$(path_of "$suite") setsid --fork nohup dockerd "${options[@]}" >>"$folder/log" 2>&1 </dev/null 9>&-
    if ! until_true 5 test -s "$folder/pid" || ! until_true 60 answers_or_died "$folder" || ! bed_answers; then
        say "the engine of $suite does not start; the end of $folder/log:"
        tail -n 15 "$folder/log" >&2
        stop_dockerd "$generation"
        return 1
    fi
}

answers_or_died() { bed_answers || ! alive "$1/pid"; }

start_podman() {
    local folder processes
    folder=$(engine_folder podman)
    install_here ca-certificates curl git iproute2 iptables runc podman netavark aardvark-dns catatonit
    mkdir -p "$folder/data" "$folder/run" "$folder/networks" "$folder/tmp"
    choose_iptables || say "iptables does not work here: containers of podman reach nothing outside"
    [[ -d /run/systemd/system ]] || say "podman runs healthchecks through systemd, which is not here: nothing gets healthy"
    # Podman asks for more open files and processes than this machine may allow: it lowers its own limit to the highest
    # process number, and its containers then cannot go above.
    processes=$(limit_of -Hu)
    if ((processes < 0 || processes > $(</proc/sys/kernel/pid_max))); then processes=$(</proc/sys/kernel/pid_max); fi
    {
        printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=%s:%s"]\n' \
            "$(limit_of -Hn)" "$(limit_of -Hn)" "$processes" "$processes"
        printf '[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "%s"\n' "$folder/networks"
        printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
    } >"$folder/containers.conf"
    PATH="$HOIST_BED/bin:$PATH" CONTAINERS_CONF=$folder/containers.conf setsid --fork nohup podman \
        --root "$folder/data" --runroot "$folder/run" --tmpdir "$folder/tmp" system service --time=0 \
        "unix://$(bed_socket)" >>"$folder/log" 2>&1 </dev/null 9>&-
    if ! until_true 30 bed_answers; then
        say "podman's service does not answer; the end of $folder/log:"
        tail -n 15 "$folder/log" >&2
        return 1
    fi
    pid_with "unix://$(bed_socket)" >"$folder/pid"
}

# limit_of OPTION: a limit as podman writes it.
limit_of() { ulimit "$1" | sed 's/unlimited/-1/'; }

# pid_with WORD: the process whose command line holds exactly this word.
pid_with() {
    local process
    for process in /proc/[0-9]*; do
        [[ $process != "/proc/$$" && $process != "/proc/$BASHPID" ]] || continue
        if grep -qzFx -- "$1" "$process/cmdline" 2>/dev/null; then
            basename "$process"
            return
        fi
    done
    return 1
}

# ensure_engine: an engine of the bed's own, of the chosen generation or what comes next to it.
ensure_engine() {
    local generation
    need_root
    generation=$(generation)
    if start_engine "$generation"; then return 0; fi
    if [[ $generation == 28 && -z ${HOIST_TEST_ENGINE:-} ]]; then
        say "falling back to the engine of trixie"
        start_engine 26.1 && return 0
    fi
    die "no engine could be started" "its log: $(engine_folder "$generation")/log"
}

# --- stop ---------------------------------------------------------------------------------------------------------

# alive PIDFILE: whether that process runs and is one of the bed's. A number left by a killed session may be anybody's now.
alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] && grep -qF -- "$HOIST_BED/" "/proc/$pid/cmdline" 2>/dev/null
}

dead() { ! alive "$1"; }

# end_process PIDFILE: asks, waits, then kills; only a process of the bed.
end_process() {
    if alive "$1"; then
        kill "$(<"$1")" 2>/dev/null || true
        if ! until_true 30 dead "$1"; then
            kill -KILL "$(<"$1")" 2>/dev/null || true
            until_true 5 dead "$1" || true
        fi
    fi
    rm -f "$1"
}

stop_dockerd() {
    local folder
    folder=$(engine_folder "$1")
    end_process "$folder/pid"
    end_process "$folder/run/containerd/containerd.pid"
}

stop_engine() {
    local generation
    for generation in "$HOIST_BED"/engine/*; do
        [[ -d $generation ]] || continue
        stop_dockerd "$(basename "$generation")"
    done
    clear_leftovers
    rm -f "$HOIST_BED/running"
    remove_pool_rules
}

# clear_leftovers: what an engine that was killed left behind: shims, mounts, network namespaces, its socket.
clear_leftovers() {
    local file
    for file in "$HOIST_BED"/engine/*/pid "$HOIST_BED"/engine/*/run/containerd/containerd.pid; do
        [[ -e $file ]] && end_process "$file"
    done
    clear_leftovers_below "$HOIST_BED"
    rm -f "$(bed_socket)"
}

# clear_leftovers_below FOLDER: shims that run from there, and mounts.
clear_leftovers_below() {
    local process pid mount
    for process in /proc/[0-9]*; do
        [[ $(cat "$process/comm" 2>/dev/null) =~ ^(containerd-shim|docker-proxy|conmon|dockerd|containerd) ]] || continue
        grep -qzF -- "$1/" "$process/cmdline" 2>/dev/null || continue
        pid=${process#/proc/}
        end_tree "$pid"
    done
    # Deepest first; lazily, because a process of a container may still be ending.
    awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r |
        while read -r mount; do umount -l "$(printf '%b' "$mount")" 2>/dev/null || true; done
}

# end_tree PID: kills a shim of the bed and the container processes under it.
end_tree() {
    local child
    # shellcheck disable=SC2013  # words, not lines
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do end_tree "$child"; done
    kill -KILL "$1" 2>/dev/null || true
}

# --- remove -------------------------------------------------------------------------------------------------------

clean() {
    need_root
    registry_stop
    stop_engine
    remove_rules
    local link
    for link in $(ip -o link show type bridge 2>/dev/null | awk -F ': ' '{ print $2 }'); do
        case $link in
            "$BED_BRIDGE" | "$SECOND_BRIDGE") ip link delete "$link" ;;
            br-*)
                # Networks of the bed's engines carry addresses of their pools.
                if [[ $(ip -o -4 address show dev "$link") =~ \ (${BED_POOL%.*.*}|${SECOND_POOL%.*.*})\. ]]; then
                    ip link delete "$link"
                fi
                ;;
        esac
    done
    rm -rf --one-file-system "$HOIST_BED"
    say "removed $HOIST_BED"
}

# remove_rules: the engine leaves its iptables chains behind. They go, unless another engine uses the same ones.
remove_rules() {
    local chain table
    have iptables && ! other_engine || return 0
    if [[ -d $HOIST_BED/bin ]]; then PATH="$HOIST_BED/bin:$PATH"; fi
    for table in filter nat raw; do
        iptables -t "$table" -S 2>/dev/null | sed -n 's/^-A \(.*-j DOCKER.*\)$/\1/p; s/^-A \(.*hoist-bed0.*\)$/\1/p' |
            while read -r rule; do eval "iptables -t $table -D $rule" 2>/dev/null || true; done
        for chain in $(iptables -t "$table" -S 2>/dev/null | awk '/^-N DOCKER/ { print $2 }'); do
            iptables -t "$table" -F "$chain" 2>/dev/null || true
        done
        for chain in $(iptables -t "$table" -S 2>/dev/null | awk '/^-N DOCKER/ { print $2 }'); do
            iptables -t "$table" -X "$chain" 2>/dev/null || true
        done
    done
}
