# shellcheck shell=bash
# The commands of the README, and what they do with the crate.

need_cargo() {
    have cargo || [[ ! -x ${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo ]] ||
        PATH=${CARGO_HOME:-${HOME:-/root}/.cargo}/bin:$PATH
    have cargo || die "there is no cargo on PATH" "install Rust: https://www.rust-lang.org/tools/install"
    # Rust links with the C compiler's driver.
    if ! have cc && ((EUID == 0)); then
        read_host
        install_here build-essential
    fi
    have cc || die "there is no C compiler (\`cc\`) to link with" "apt-get install build-essential"
}

need_component() {
    cargo "$1" --version >/dev/null 2>&1 || die "cargo has no \`$1\` here" "rustup component add $2"
}

# use_engine IMAGE…: an engine and these images (all of them without a name); exports DOCKER_HOST.
use_engine() {
    local host
    # As a process of its own, so that the bed's lock is held no longer than it takes.
    host=$("$BED_PROGRAM" up "$@") || return 1
    export DOCKER_HOST=${host#DOCKER_HOST=}
}

# --- wordpress ----------------------------------------------------------------------------------------------------

WORDPRESS_PAGE=http://localhost:8000/
WORDPRESS_SECONDS=180

command_wordpress() {
    local hoist=$REPOSITORY/target/quick/hoist file=$REPOSITORY/examples/wordpress/compose.yaml
    local started page
    started=$(now)
    need_cargo
    say "building hoist"
    # Not the optimised profile, which takes several times as long to build.
    cargo build --profile quick --locked --manifest-path "$REPOSITORY/Cargo.toml" --target-dir "$REPOSITORY/target" >&2 </dev/null
    use_engine mysql:5.7 wordpress:latest || die "hoist needs an engine"
    have curl || die "there is no curl to fetch the page with" "apt-get install curl"
    say "hoist up"
    "$hoist" -f "$file" up -d >&2 </dev/null || wordpress_failed "$hoist" "$file" "hoist up did not succeed"
    page=$(mktemp)
    until_true "$WORDPRESS_SECONDS" page_answers "$page" ||
        wordpress_failed "$hoist" "$file" "no page at $WORDPRESS_PAGE after $WORDPRESS_SECONDS s"
    say "the page answers, $(since "$started") s after the start"
    printf 'title:     %s\n' "$(page_title "$page")"
    printf 'address:   %s\n' "$WORDPRESS_PAGE"
    printf 'take down: DOCKER_HOST=%s %s -f %s down --volumes\n' "$DOCKER_HOST" "$hoist" "$file"
    rm -f "$page"
    if [[ $DOCKER_HOST == "unix://$(bed_socket)" ]]; then
        printf 'and the engine: %s stop\n' "$BED_PROGRAM"
    fi
}

# page_answers FILE: whether the page is served; WordPress answers with an error until its database is ready.
page_answers() {
    curl --noproxy '*' --silent --fail --location --max-time 10 --output "$1" "$WORDPRESS_PAGE" && [[ -n $(page_title "$1") ]]
}

page_title() {
    sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p' "$1" | head -n 1 | sed 's/&rsaquo;/›/g; s/&lsaquo;/‹/g; s/&amp;/\&/g'
}

wordpress_failed() {
    "$1" -f "$2" ps --all >&2 </dev/null || true
    "$1" -f "$2" logs --tail 20 >&2 </dev/null || true
    die "$3"
}

# --- test ---------------------------------------------------------------------------------------------------------

TEST_TIMES=()

# timed WHAT COMMAND…: with its output as it comes, and its time for the list at the end.
timed() {
    local what=$1 started
    shift
    started=$(now)
    say "--- $what"
    "$@" </dev/null || test_failed "$what" "$started"
    TEST_TIMES+=("$(printf '%7s s  %s' "$(since "$started")" "$what")")
}

test_failed() {
    TEST_TIMES+=("$(printf '%7s s  %s: failed' "$(since "$2")" "$1")")
    test_times
    die "$1 failed"
}

test_times() { printf 'bed: %s\n' "${TEST_TIMES[@]}" >&2; }

# test_quick: what takes less than two minutes once all is built.
test_quick() {
    timed "format" cargo fmt --check
    timed "clippy" cargo clippy --locked --all-targets --all-features -- -D warnings
    timed "tests without an engine" cargo test --locked --all-features --lib --bins --test offline --test config
    test_times
    say "all of it passed; \`$BED_PROGRAM test\` runs the rest: the tests that need an engine, examples, documentation"
}

command_test() {
    case ${1:-} in
        '' | --quick) ;;
        *) die "\`test\` does not know \`$1\`" "its only flag is --quick" ;;
    esac
    need_cargo
    need_component fmt rustfmt
    need_component clippy clippy
    cd "$REPOSITORY" || die "no folder $REPOSITORY"
    if [[ ${1:-} == --quick ]]; then
        test_quick
        return
    fi
    timed "format" cargo fmt --check
    timed "clippy" cargo clippy --locked --all-targets --all-features -- -D warnings
    if [[ ${HOIST_TEST_ENGINE:-} != none ]]; then
        # Ends what it starts, also when a test fails; an engine that ran before stays.
        # shellcheck disable=SC2034  # read by the exit trap
        bed_answers || AT_EXIT=stop_after_tests
        timed "engine and images" use_engine
        HOIST_PEER=$("$BED_PROGRAM" peer || true)
        export HOIST_PEER
    fi
    if [[ ${HOIST_TEST_ENGINE:-} == none ]]; then
        timed "tests without an engine" cargo test --locked --all-features --lib --bins --examples --test offline --test config
        timed "documentation's tests" cargo test --locked --all-features --doc
    else
        timed "tests" cargo test --locked --all-features
    fi
    timed "docs" env RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --all-features
    test_times
    say "all of it passed"
    if [[ ${HOIST_TEST_ENGINE:-} == none ]]; then say "the tests that need an engine were left out (HOIST_TEST_ENGINE=none)"; fi
}

stop_after_tests() { if bed_answers; then "$BED_PROGRAM" stop || true; fi; }

# --- bench --------------------------------------------------------------------------------------------------------

command_bench() {
    need_cargo
    cd "$REPOSITORY" || die "no folder $REPOSITORY"
    # shellcheck disable=SC2034  # read by the exit trap
    bed_answers || AT_EXIT=stop_after_tests
    use_engine busybox:latest || die "the benchmark needs an engine"
    HOIST_PEER=$("$BED_PROGRAM" peer) || die "there is no Docker Compose to compare with"
    # What is measured is the program of a release.
    [[ -n ${HOIST_BINARY:-} ]] || HOIST_BINARY=$("$REPOSITORY/.ci/build")
    export HOIST_PEER HOIST_BINARY
    cargo bench --locked --bench engine -- "$@" </dev/null
}
