# shellcheck shell=bash
# A Docker Compose to compare with.

# peer_suite: where the newest Docker Compose of this distribution comes from.
peer_suite() { [[ $HOST_ID == debian ]] && printf 'sid\n' || printf '%s\n' "$HOST_SUITE"; }

# peer_path: the path of the peer; fails when it is not there yet.
peer_path() {
    local folder path
    [[ -n ${HOST_ID:-} ]] || read_host
    folder=$(suite_folder "$(peer_suite)")
    for path in "$folder/usr/libexec/docker/cli-plugins/docker-compose" "$folder/usr/bin/docker-compose"; do
        if [[ -x $path && ! -L $path ]]; then
            printf '%s\n' "$path"
            return
        fi
    done
    return 1
}

# fetch_suite_of_peer: also the folder of the newest engine, so that nothing is fetched twice.
fetch_suite_of_peer() {
    # shellcheck disable=SC2046  # a list of packages
    unpack_suite "$(peer_suite)" $(engine_packages "$(peer_suite)")
}
