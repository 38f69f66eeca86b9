# shellcheck shell=bash
# A registry on the loopback address, for what pulls, pushes and logs in. Engines trust 127.0.0.0/8 without TLS.

REGISTRY_ADDRESS=127.0.0.1:${HOIST_REGISTRY_PORT:-5000}

registry_folder() { printf '%s/registry\n' "$HOIST_BED"; }
# Answers 200, or 401 when it asks for a password.
registry_answers() {
    [[ $(curl --silent --max-time 3 --output /dev/null --write-out '%{http_code}' "http://$REGISTRY_ADDRESS/v2/") =~ ^(200|401)$ ]]
}

# registry_start [USER PASSWORD]: empty when it starts; with a user it lets nobody else in.
registry_start() {
    local folder
    folder=$(registry_folder)
    registry_stop
    if registry_answers; then die "something else answers at $REGISTRY_ADDRESS already"; fi
    fetch_suite_of_peer
    mkdir -p "$folder"
    {
        # In memory: on a disk it writes its small files in place, and two tags of one image that are pushed at once may
        # find them empty ("digest invalid", "blob unknown to registry").
        printf 'version: 0.1\nlog: { level: warn }\nstorage: { inmemory: {}, delete: { enabled: true } }\n'
        printf 'http: { addr: "%s" }\n' "$REGISTRY_ADDRESS"
        if (($#)); then printf 'auth: { htpasswd: { realm: bed, path: %s } }\n' "$folder/htpasswd"; fi
    } >"$folder/config.yml"
    if (($#)); then
        # shellcheck disable=SC2016  # for perl
        perl -e 'print "$ARGV[0]:" . crypt($ARGV[1], "\$2b\$05\$abcdefghijklmnopqrstuu") . "\n"' "$1" "$2" >"$folder/htpasswd"
    fi
    setsid --fork nohup "$(suite_folder "$(peer_suite)")/usr/bin/docker-registry" serve "$folder/config.yml" \
        >"$folder/log" 2>&1 </dev/null 9>&-
    until_true 15 registry_answers || die "the registry does not start" "its log: $folder/log"
    pid_with "$folder/config.yml" >"$folder/pid"
    say "a registry answers at $REGISTRY_ADDRESS"
    printf '%s\n' "$REGISTRY_ADDRESS"
}

registry_stop() {
    end_process "$(registry_folder)/pid"
    rm -rf "$(registry_folder)"
}
