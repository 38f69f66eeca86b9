# shellcheck shell=bash
# What this machine is, and the packages of its own suite that the bed needs on it.

# The distribution (`debian` or `ubuntu`), its suite and its package architecture.
read_host() {
    [[ -r /etc/os-release ]] || die "no /etc/os-release: the bed knows Debian and Ubuntu"
    HOST_ID=$(. /etc/os-release && printf '%s' "${ID:-}")
    HOST_SUITE=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    case $HOST_ID in
        debian) HOST_SUITE=${HOST_SUITE:-sid} ;;
        ubuntu) ;;
        *) die "this is \`$HOST_ID\`: the bed makes its own engine on Debian and Ubuntu only" \
            "elsewhere start a Docker that reaches a registry and set DOCKER_HOST to its socket" ;;
    esac
}

# as_root COMMAND ARGUMENTS…: runs a command of the bed as root, through sudo where needed.
as_root() {
    if ((EUID == 0)); then
        "$BED_PROGRAM" "$@"
    elif have sudo && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
        say "\`bed $1\` needs root: using sudo"
        sudo env HOIST_BED="$HOIST_BED" HOIST_TEST_ENGINE="${HOIST_TEST_ENGINE:-}" DOCKER_HOST="${DOCKER_HOST:-}" \
            "$BED_PROGRAM" "$@"
    else
        die "\`bed $1\` needs root: it starts a container engine and installs packages" \
            "run it as root, or where sudo asks for no password"
    fi
}

need_root() {
    ((EUID == 0)) || die "this needs root: an engine makes network interfaces, mounts and cgroups" \
        "run it as root or with sudo"
}

# apt_get …: without questions, waiting for whoever holds the locks (a fresh machine often updates itself).
apt_get() {
    for _ in 1 2 3 4 5 6; do
        if DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
            apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null; then
            return 0
        fi
        # The timeout above does not cover the lock on the package lists.
        [[ $* == *update* ]] || break
        sleep 5
    done
    return 1
}

# install_here PACKAGE…: the missing ones of them from the machine's own suite.
install_here() {
    local package missing=()
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    lists_here
    step "packages from $HOST_SUITE: ${missing[*]}" apt_get install -y --no-install-recommends "${missing[@]}"
}

# The package lists of the machine, fetched when there are none or they are older than a day.
lists_here() {
    local fresh
    fresh=$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 -print -quit 2>/dev/null)
    [[ -n $fresh ]] || step "package lists of $HOST_SUITE" apt_get update
}

# The mirror this machine itself uses for its suite.
mirror_here() {
    local mirror
    # shellcheck disable=SC2016  # apt expands these
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -v suite="$HOST_SUITE" '$1 == suite { print $2; exit }')
    [[ -n $mirror ]] || die "apt knows no mirror for \`$HOST_SUITE\` on this machine" \
        "see \`apt-get indextargets\` and /etc/apt"
    printf '%s\n' "$mirror"
}
