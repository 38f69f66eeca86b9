# shellcheck shell=bash
# A second engine beside the first one, with the containerd image store. Both share the machine's network, so that the
# registry is reachable; the second one leaves iptables alone, so that its containers reach nothing outside.

SECOND_BRIDGE=hoist-bed1
SECOND_BRIDGE_ADDRESS=10.214.0.1/24
SECOND_POOL=10.214.0.0/16

second_start() {
    local suite started
    second_stop
    started=$(now)
    SECOND_ENGINE=containerd
    check_machine
    install_here ca-certificates curl iproute2 procps runc
    fetch_suite_of_peer
    suite=$(peer_suite)
    libraries_of "$suite" || die "the libraries of an engine with the containerd store are missing"
    make_bridge "$SECOND_BRIDGE" "$SECOND_BRIDGE_ADDRESS"
    run_dockerd containerd "$suite" '{"features":{"containerd-snapshotter":true}}' \
        "--bridge=$SECOND_BRIDGE" --iptables=false --ip6tables=false "--default-address-pool=base=$SECOND_POOL,size=24" ||
        die "the engine with the containerd store does not start"
    ensure_images busybox:latest
    say "an engine with the containerd store at unix://$(bed_socket), $(since "$started") s"
    printf 'DOCKER_HOST=unix://%s\n' "$(bed_socket)"
}

# second_stop: ends it and what runs in it; its images stay for the next time.
second_stop() {
    stop_dockerd containerd
    clear_leftovers_below "$(engine_folder containerd)"
    rm -f "$HOIST_BED/containerd.sock"
}
