//! Hints for rejections by the engine, chosen by the phrase that `execute::refusal` recognised.

use crate::event::Refusal;

const NO_PROGRAM: &str = "the image has no program `{}`";
const NO_FILE: &str = "the image has no file `{}`";

/// Hints per phrase; `{}` stands for what the engine names.
const HINTS: &[(&[&str], &str)] = &[
    (&["exec: \"{}\": executable file not found", "executable file `{}` not found"], NO_PROGRAM),
    (&["exec: \"{}\": stat "], NO_FILE),
    (&["exec: \"{}\": permission denied"], "`{}` is not a file that can be executed"),
    (&["exec: \"{}\": is a directory"], "`{}` is a folder"),
    (&["exec format error"], "the program is built for another CPU architecture, or is not executable"),
    (&["no command specified"], "the image has no default command: add a `command`"),
    (&["unable to find user {}:"], "the image has no user `{}`: use a numeric ID"),
    (&["unable to find group {}:"], "the image has no group `{}`: use a numeric ID"),
    (&["the working directory '{}' is invalid", "invalid mount path: '{}'"], "write a path that begins with `/`"),
    (&["invalid environment variable: {}"], "a variable needs a name"),
    (&["sethostname: invalid argument"], "a host name has at most 64 characters"),
    (
        &["adding custom device \"{}\"", "stat /dev/{}: no such file or directory"],
        "the engine's host has no such device",
    ),
    (
        &["could not select device driver \"{}\""],
        "the engine has no such driver: for NVIDIA, install its Container Toolkit",
    ),
    (&["unresolvable CDI devices {}"], "the engine's host has no CDI description of that device"),
    (&["failed to discover GPU vendor"], "the engine found no GPU"),
    (&["invalid device cgroup rule format: '{}'"], "write a rule such as `c 1:3 mr`"),
    (&["Minimum memoryswap limit should be larger"], "the limit is memory plus swap"),
    (&["always set the Memory limit when using Memoryswap"], "add `mem_limit`"),
    (&["for cpuset cpus"], "write a list of numbers and ranges, such as `0-2,4`"),
    (&["Nano CPUs and CPU Period", "Nano CPUs and CPU Quota"], "use either `cpus`, or `cpu_period` and `cpu_quota`"),
    (&["cpu.rt_runtime_us"], "the engine must be started with `--cpu-rt-runtime`"),
    (&["wrong rlimit value: RLIMIT_{}"], "there is no such limit"),
    (
        &["error setting rlimit"],
        "the soft limit must not be above the hard one, nor the hard one above the engine's own",
    ),
    (&["sysctl \"{}\" is not in a separate kernel namespace"], "it applies to the whole host and must be set there"),
    (&["sysctl \"{}\" not allowed in host network"], "on the host's network it must be set on the host"),
    (&["open /proc/sys/{}: no such file"], "the kernel of the engine's host has no such setting"),
    (&["runtime name: {}"], "`docker info` lists the runtimes of the engine"),
    (&["invalid cgroup namespace mode: {}"], "use `host` or `private`"),
    (&["non-shareable IPC"], "set `ipc: shareable` for the other container"),
    (&["non running container", "Cannot link to a non running container"], "the other container must be running"),
    (&["network {} not found"], "create it with `docker network create {}`"),
    (
        &[
            "conflicting options: hostname",
            "conflicting options: dns",
            "conflicting options: custom host-to-IP",
            "conflicting options: mac-address",
            "conflicting options: port publishing",
            "conflicting options: port exposing",
        ],
        "set it on the service whose network is shared",
    ),
    (&["looking up logging plugin {}:"], "`docker info` lists the log drivers of the engine"),
    (&["bind source path does not exist: {}"], "create it on the engine's host"),
    (&["path {} is mounted on"], "this propagation needs a shared mount on the host: `mount --make-shared PATH`"),
    (
        &["to rootfs at \"{}\" && not a directory"],
        "one is a folder and the other a file; if the source was missing, the engine created a folder: remove it and put the \
         file there",
    ),
    (&["Duplicate mount point: {}"], "only one thing can be mounted there"),
    (&["cannot access path"], "the volume or image has no such folder"),
    (&["mount config for type \"{}\": mount type unknown"], "the engine has no such mounts"),
    (&["volume plugin {}:"], "`docker plugin ls` lists the plugins of the engine"),
    (
        &["does not match the specified platform", "does not provide the specified platform"],
        "pull or build the image for that platform",
    ),
    (&["cannot overwrite directory \"{}\""], "the image has a folder there: write the path of a file as `target`"),
    (&["not the path of a file"], "write the path of a file as `target`"),
    (&["is not a number"], "write a numeric user or group ID"),
    (
        &[
            "`build.provenance` && containerd image store",
            "`build.sbom` && containerd image store",
            "`build.cache_to` && containerd image store",
            "`build.platforms` && containerd image store",
        ],
        "turn on the containerd image store of the engine, or choose another builder with `--builder`",
    ),
    (
        &["granting entitlement security.insecure"],
        "the engine's `daemon.json` must allow it: `\"builder\": {\"entitlements\": {\"security-insecure\": true}}`",
    ),
    (&["granting entitlement {} is not allowed"], "the engine's `daemon.json` must allow it in `builder.entitlements`"),
    (&["unsupported external secret {}"], "use `file` or `environment`"),
    (&["unsupported external config {}"], "use `file`, `environment` or `content`"),
    (&["invalid MAC address {}"], "write six numbers, as in `02:42:ac:11:00:02`"),
    (&["MAC to \"{}\": cannot assign"], "the first byte must be even, and not all bytes may be 0"),
    (&["ip-range contain the IP address {}"], "choose an address of the network's `subnet`"),
    (
        &["supported only when connecting to networks with user configured subnets"],
        "the network needs a `subnet` in its `ipam.config`",
    ),
    (&["no available IPv4 addresses on this network"], "every address in its `subnet` is taken: choose a larger one"),
    (
        &["error renaming interface"],
        "an interface name has at most 15 characters and no `/`, and must be unused in the container",
    ),
    (
        &["network-scoped alias is supported only"],
        "containers have no aliases on the engine's own networks: use `network_mode`",
    ),
    (&["bad nameserver address {}:", "invalid DNS address"], "write an IP address"),
    (&["add-host: \"{}\""], "write a name and an IP address"),
    (&["invalid port specification: \"{}\""], "ports are numbers up to 65535"),
    (&["all ports are allocated"], "publish a larger range, or let the engine choose the host port"),
    (&["cannot assign requested address"], "the engine's host has no such address"),
    (&["Pool overlaps with other one"], "another network overlaps this `subnet`: `docker network ls` lists them"),
    (
        &["predefined address pools have been fully subnetted", "could not find an available, non-overlapping"],
        "remove unused networks, or give this one a `subnet`",
    ),
    (&["plugin \"{}\" not found"], "`docker info` lists the network drivers of the engine"),
    (&["not a swarm manager"], "`docker swarm init` turns the engine into one"),
    (&["invalid subinterface vlan name {},"], "the engine's host has no such interface"),
    (&["numerical result out of range"], "the name of a bridge has at most 15 characters"),
    (&["multiple subnets"], "give the other containers their own network"),
    (&["invalid option: \"{}\""], "the driver `local` supports `type`, `device`, `o` and `size`"),
    (&["missing required option: \"{}\""], "add `{}`"),
    (&["no quota support"], "the engine's file system has no quotas: leave out `size`"),
    (&["target stage \"{}\""], "the Dockerfile has no such stage"),
    (&["the Dockerfile cannot be empty"], "it needs at least a `FROM` instruction"),
    (&["failed to parse target platform {}:"], "write an operating system and an architecture, as in `linux/arm64`"),
    (
        &["repository name ({}) must be lowercase", "invalid reference format"],
        "write a name in lower case with an optional tag, as in `registry.example.com/shop/web:1.2`",
    ),
];

/// The hint, if there is one.
pub(super) fn hint(refusal: &Refusal) -> Option<String> {
    let (_, hint) = HINTS.iter().find(|(phrases, _)| phrases.contains(&refusal.phrase))?;
    let word = refusal.word.as_deref().unwrap_or_default();
    let several_words = [NO_PROGRAM, NO_FILE].contains(hint) && word.contains(char::is_whitespace);
    let more = if several_words { ": write each word as its own list item" } else { "" };
    Some(hint.replace("{}", word) + more)
}

#[cfg(test)]
mod tests {
    use super::HINTS;

    #[test]
    fn every_hint_is_about_a_phrase_that_is_recognised() {
        let rows = include_str!("../../execute/refusal.rs");
        for phrase in HINTS.iter().flat_map(|(phrases, _)| *phrases) {
            assert!(rows.contains(&format!("{phrase:?},")), "{phrase}");
        }
    }
}
