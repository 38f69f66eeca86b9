# shellcheck shell=bash
# Binaries of a chosen suite, unpacked into a folder of the bed. The system's apt configuration stays as it is.

# The folder that holds the binaries of a suite.
suite_folder() { printf '%s/%s\n' "$HOIST_BED" "$1"; }

# suite_options SUITE: sets SUITE_OPTIONS, with which apt knows this suite only and keeps lists of its own.
suite_options() {
    local lists=$HOIST_BED/lists/$1
    SUITE_OPTIONS=(-o APT::Sandbox::User=root)
    [[ $1 == "$HOST_SUITE" ]] ||
        SUITE_OPTIONS+=(-o Dir::Etc::sourcelist="$lists.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$lists")
}

apt_suite() {
    suite_options "$1"
    apt_get "${SUITE_OPTIONS[@]}" "${@:2}"
}

suite_has() {
    suite_options "$1"
    [[ -n $(apt-cache "${SUITE_OPTIONS[@]}" show --no-all-versions "$2" 2>/dev/null) ]]
}

# lists_of SUITE: writes the suite's source from the machine's own mirror and fetches its lists.
lists_of() {
    local suite=$1 lists=$HOIST_BED/lists/$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg trust=''
    if [[ $suite == "$HOST_SUITE" ]]; then
        lists_here
        return
    fi
    mkdir -p "$lists/partial"
    [[ -r $keyring ]] && trust="[signed-by=$keyring] "
    printf 'deb %s%s %s main\n' "$trust" "$(mirror_here)" "$suite" >"$lists.list"
    apt_suite "$suite" -o Acquire::Languages=none update
}

# unpack_suite SUITE PACKAGE…: downloads the packages and unpacks them side by side; `PACKAGE?` may be missing there. The
# folder is complete or not there at all.
unpack_suite() {
    local suite=$1 folder part package
    shift
    folder=$(suite_folder "$suite")
    part=$folder.part
    [[ -r $folder/stamp && $(<"$folder/stamp") == "$*" ]] && return 0
    rm -rf "$part"
    mkdir -p "$part/packages"
    step "package lists of $suite" lists_of "$suite"
    step "packages from $suite" download_into "$part/packages" "$suite" "$@"
    for package in "$part"/packages/*.deb; do
        dpkg-deb -x "$package" "$part"
        dpkg-deb -f "$package" Depends | tr ',|' '\n' | awk '$1 ~ /^lib/ { print $1 }'
    done | sort -u >"$part/libraries"
    rm -rf "$part/packages" "$HOIST_BED/lists"
    printf '%s' "$*" >"$part/stamp"
    rm -rf "$folder"
    mv "$part" "$folder"
}

download_into() {
    local folder=$1 suite=$2 package wanted=()
    shift 2
    for package; do
        if [[ $package != *'?' ]]; then
            wanted+=("$package")
        elif suite_has "$suite" "${package%'?'}"; then
            wanted+=("${package%'?'}")
        fi
    done
    echo "${wanted[@]}"
    cd "$folder" || return 1
    apt_suite "$suite" download "${wanted[@]}"
}

# engine_packages SUITE: what an engine of this suite, its client and the peer consist of. docker-init comes with the daemon,
# with tini or with tini-static.
engine_packages() {
    case $1 in
        bookworm) printf '%s\n' docker.io containerd tini ;;
        trixie) printf '%s\n' docker.io docker-cli containerd 'tini?' 'tini-static?' ;;
        sid) printf '%s\n' docker.io docker-cli docker-buildx docker-compose docker-registry containerd 'tini?' 'tini-static?' ;;
        *)
            printf '%s\n' docker.io containerd 'docker-cli?' 'docker-buildx?' 'docker-compose-v2?' 'docker-registry?' \
                'tini?' 'tini-static?'
            ;;
    esac
}

# libraries_of SUITE: the shared libraries that a suite's binaries miss on this machine, installed from the machine's own
# suite. The newer binaries of Debian need none; older ones and Ubuntu's are linked with a few.
libraries_of() {
    local folder library wanted=()
    folder=$(suite_folder "$1")
    [[ -n $(missing_libraries "$folder") ]] || return 0
    lists_here
    while read -r library; do
        if suite_has "$HOST_SUITE" "$library"; then wanted+=("$library"); fi
    done <"$folder/libraries"
    install_here "${wanted[@]}"
    if [[ -n $(missing_libraries "$folder") ]]; then
        say "the engine of $1 misses libraries here: $(missing_libraries "$folder")"
        return 1
    fi
}

missing_libraries() {
    local program
    for program in "$1"/usr/*bin/{dockerd,docker-proxy,containerd,containerd-shim-runc-v2}; do
        [[ ! -x $program ]] || ldd "$program" 2>&1 | awk '/not found/ { printf "%s ", $1 }'
    done
}
