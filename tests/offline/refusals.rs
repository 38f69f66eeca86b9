//! What the engine refuses is told with the key of the file that asks for it.

use std::sync::Arc;

use hoist::event::{Refusal, StepError};
use hoist::execute::refusal::explain;
use hoist::load::{LoadOptions, load};
use hoist::observed::Observed;
use hoist::plan::{self, Action, Plan, UpOptions};
use hoist::render::failure;

use crate::folder::compose_file;

const FILE: &str = r#"
name: demo
services:
  all:
    image: busybox
    entrypoint: [run]
    command: [nosuch]
    user: nobodyhere
    group_add: [nogroup1]
    working_dir: rel
    stop_signal: SIGNOSUCH
    hostname: web
    platform: linux/s390x
    environment: {A: b}
    healthcheck: {test: "true", interval: 1s}
    devices: [/dev/null, /dev/nosuch]
    gpus: all
    device_cgroup_rules: [c 1:3 mr]
    blkio_config: {weight: 10}
    deploy:
      resources: {limits: {memory: 1000b, cpus: "99"}, reservations: {memory: 1000b}}
    memswap_limit: 1m
    mem_swappiness: 100
    cpuset: "77"
    cpu_quota: 10
    cpu_period: 10
    cpu_shares: 1048576
    cpu_rt_runtime: 1000
    oom_score_adj: 1000
    shm_size: 1m
    ulimits: {nosuch: 1}
    sysctls: {kernel.nosuch: 1, net.ipv4.nosuch: 1}
    cap_add: [NOSUCH]
    cap_drop: [NOSUCH]
    security_opt: [nosuch=1]
    runtime: nosuch
    isolation: hyperv
    storage_opt: {size: 1G}
    ipc: private
    pid: host
    uts: host
    cgroup: private
    restart: always
    logging: {driver: nosuch, options: {nosuch: "1"}}
    dns: [10.0.0.1]
    extra_hosts: ["a:10.0.0.1"]
    volumes:
      - ./nosuch:/x
      - {type: bind, source: /srv, target: /y}
      - {type: volume, source: data, target: /z, volume: {subpath: sub}}
    tmpfs: ["/t:size=abc"]
    volumes_from: ["container:nosuch"]
    external_links: [nosuch]
    ports: ["99:99"]
    configs: [{source: text, target: /etc}]
    mac_address: "00:00:00:00:00:00"
    networks:
      n: {ipv4_address: 10.9.9.9, link_local_ips: [169.254.8.8], interface_name: eth7}
      other: {mac_address: "01:00:5e:00:00:01"}
  bare: {image: busybox}
  mode: {image: busybox, network_mode: nosuch}
  built:
    build: {context: ., dockerfile: Nosuch, target: nosuch}
  hooked:
    image: busybox
    pre_start: [{command: ["true"]}, {command: [nosuch], user: nobodyhere}]
configs: {text: {content: x}}
networks:
  n: {driver: nosuch, driver_opts: {a: b}, ipam: {driver: default, config: [{subnet: 10.0.0.0/24}]}}
  other: {}
volumes: {data: {name: stored, driver: nosuch, driver_opts: {type: nfs}}}
"#;

/// The step of the plan that `is_it` says.
fn step(plan: &Plan, is_it: impl Fn(&Action) -> bool) -> &Action {
    plan.steps().map(|(_, step)| &step.action).find(|action| is_it(action)).expect("the plan has the step")
}

/// The plan of bringing a file up where nothing is; the folder lasts as long as it.
fn plan_of(text: &str) -> (tempfile::TempDir, Plan) {
    let folder = compose_file(text);
    let loaded = load(&LoadOptions::new(folder.path())).expect("the file is right");
    let plan = plan::up(&Arc::new(loaded.project), &Observed::default(), &UpOptions::default()).expect("a plan");
    (folder, plan)
}

fn planned() -> (tempfile::TempDir, Plan) {
    plan_of(FILE)
}

/// The likeliest place, the word that is looked for there, and the hint.
fn explained(action: &Action, words: &str) -> String {
    let Some(refusal) = explain(action, words) else { return "nothing".to_owned() };
    let place = refusal.places.first().map_or_else(String::new, |place| place.join("."));
    refusal.word.map_or(place.clone(), |word| format!("{place} {word}"))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn words_about_containers_lead_to_their_keys() {
    let (folder, plan) = planned();
    let all = step(&plan, |action| matches!(action, Action::CreateContainer(spec) if spec.replica.service == "all"));
    let runc = |words: &str| {
        format!(
            "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: {words}"
        )
    };
    let init = |words: &str| runc(&format!("unable to start container process: error during container init: {words}"));
    let endpoint = |words: &str| format!("invalid config for network demo_n: invalid endpoint settings:\n{words}");
    let nosuch = folder.path().join("nosuch").display().to_string();
    let cases: &[(&str, &str)] = &[
        (
            &runc("unable to start container process: exec: \"nosuch\": executable file not found in $PATH"),
            "entrypoint nosuch",
        ),
        (
            &runc("unable to start container process: exec: \"/nosuch\": stat /nosuch: no such file or directory"),
            "entrypoint /nosuch",
        ),
        (&runc("unable to start container process: exec: \"/etc\": permission denied"), "entrypoint /etc"),
        ("no command specified", "entrypoint"),
        ("unable to find user nobodyhere: no matching entries in passwd file", "user nobodyhere"),
        ("unable to find group nogroup1: no matching entries in group file", "group_add nogroup1"),
        ("the working directory 'rel' is invalid, it needs to be an absolute path", "working_dir rel"),
        ("Cannot mkdir: /etc/passwd is not a directory", "working_dir /etc/passwd"),
        (
            "error gathering device information while adding custom device \"/dev/nosuch\": no such file or directory",
            "devices /dev/nosuch",
        ),
        ("could not select device driver \"\" with capabilities: [[gpu]]", "gpus"),
        ("could not select device driver \"nvidia\" with capabilities: [[gpu]]", "gpus nvidia"),
        ("CDI device injection failed: unresolvable CDI devices vendor.com/x=y", "devices vendor.com/x=y"),
        ("Minimum memory limit allowed is 6MB", "deploy.resources.limits.memory"),
        ("Minimum memoryswap limit should be larger than memory limit, see usage", "memswap_limit"),
        ("You should always set the Memory limit when using Memoryswap limit, see usage", "memswap_limit"),
        (
            "Minimum memory limit can not be less than memory reservation limit, see usage",
            "deploy.resources.reservations.memory",
        ),
        ("Minimum memory reservation allowed is 6MB", "deploy.resources.reservations.memory"),
        ("Invalid value: 200, valid memory swappiness range is 0-100", "mem_swappiness"),
        ("range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", "deploy.resources.limits.cpus"),
        ("Requested CPUs are not available - requested 77, available: 0-1", "cpuset"),
        ("Invalid value abc for cpuset cpus: invalid format: abc", "cpuset"),
        ("CPU cfs quota can not be less than 1ms (i.e. 1000)", "cpu_quota"),
        ("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)", "cpu_period"),
        ("Conflicting options: Nano CPUs and CPU Period cannot both be set", "cpu_period"),
        (
            &init("error setting cgroup config for procHooks process: the maximum allowed cpu-shares is 262144"),
            "cpu_shares",
        ),
        (
            &runc(
                "unable to apply cgroup configuration: failed to write \"1000\": write /sys/fs/cgroup/cpu/docker/3/cpu.rt_runtime_us: invalid argument",
            ),
            "cpu_rt_runtime",
        ),
        ("Invalid value 2000, range for oom score adj is [-1000, 1000]", "oom_score_adj"),
        ("SHM size can not be less than 0", "shm_size"),
        (&runc("wrong rlimit value: RLIMIT_NOSUCH"), "ulimits NOSUCH"),
        (&init("error setting rlimits for ready process: error setting rlimit type 7: invalid argument"), "ulimits"),
        (&runc("sysctl \"kernel.nosuch\" is not in a separate kernel namespace"), "sysctls kernel.nosuch"),
        (&init("open /proc/sys/net/ipv4/nosuch: no such file or directory"), "sysctls net.ipv4.nosuch"),
        (&runc("sysctl \"net.ipv4.ip_forward\" not allowed in host network namespace"), "sysctls net.ipv4.ip_forward"),
        ("invalid CapAdd: unknown capability: \"CAP_NOSUCH\"", "cap_add NOSUCH"),
        ("invalid CapDrop: unknown capability: \"CAP_NOSUCH\"", "cap_drop NOSUCH"),
        ("invalid --security-opt 2: \"nosuch=1\"", "security_opt nosuch=1"),
        (
            "Decoding seccomp profile failed: invalid character 'b' looking for beginning of object key string",
            "security_opt",
        ),
        ("unknown or invalid runtime name: nosuch", "runtime nosuch"),
        ("invalid isolation (hyperv): linux only supports 'default'", "isolation"),
        ("--storage-opt is supported only for overlay over xfs with 'pquota' mount option", "storage_opt"),
        ("invalid IPC mode: nosuch", "ipc nosuch"),
        ("invalid PID mode: nosuch", "pid nosuch"),
        ("invalid UTS mode: nosuch", "uts nosuch"),
        ("invalid cgroup namespace mode: nosuch", "cgroup nosuch"),
        ("No such container: nosuch", "ipc nosuch"),
        ("could not get container for nosuch: No such container: nosuch", "external_links nosuch"),
        ("invalid restart policy: unknown policy 'nosuch'; use one of 'no', 'always'", "restart"),
        ("invalid signal: SIGNOSUCH", "stop_signal SIGNOSUCH"),
        (&init("sethostname: invalid argument"), "hostname"),
        ("Interval in Healthcheck cannot be less than 1ms", "healthcheck"),
        ("invalid environment variable: =x", "environment =x"),
        ("error looking up logging plugin nosuch: plugin \"nosuch\" not found", "logging.driver nosuch"),
        ("unknown log opt 'nosuch' for json-file log driver", "logging.options nosuch"),
        (
            "failed to create task for container: failed to initialize logging driver: invalid size: 'abc'",
            "logging.options",
        ),
        (
            &format!("invalid mount config for type \"bind\": bind source path does not exist: {nosuch}"),
            &format!("volumes.0.source {nosuch}"),
        ),
        ("invalid mount config for type \"bind\": bind source path does not exist: /srv", "volumes.1.source /srv"),
        ("path /srv is mounted on / but it is not a shared mount", "volumes.1.source /srv"),
        (
            &init(
                "error mounting \"/srv\" to rootfs at \"/y\": mount /srv:/y (via /proc/self/fd/6), flags: 0x5000: not a directory",
            ),
            "volumes.1 /y",
        ),
        (
            &init(
                "error mounting \"tmpfs\" to rootfs at \"/t\": mount tmpfs:/t (via /proc/self/fd/6), flags: 0xe, data: size=abc: invalid argument",
            ),
            "tmpfs.0 /t",
        ),
        ("Duplicate mount point: /x", "volumes.0 /x"),
        ("invalid tmpfs option \"nosuch\"", "tmpfs nosuch"),
        (
            "cannot access path /var/lib/docker/volumes/stored/_data/sub: lstat …: no such file or directory",
            "volumes.2",
        ),
        (
            "create a@b: \"a@b\" includes invalid characters for a local volume name, only \"[a-z]\" are allowed",
            "volumes a@b",
        ),
        (
            "error while mounting volume '/var/lib/docker/volumes/stored/_data': failed to mount local volume: no such device",
            "/volumes.data.driver_opts",
        ),
        (
            "create stored: error looking up volume plugin nosuch: plugin \"nosuch\" not found",
            "/volumes.data.driver nosuch",
        ),
        ("No such image: nosuch:latest", "image nosuch"),
        ("invalid device cgroup rule format: 'nosuch'", "device_cgroup_rules nosuch"),
        ("stat /dev/nosuch: no such file or directory", "blkio_config nosuch"),
        ("cannot overwrite directory \"etc\" with non-directory \"/\"", "configs.0 etc"),
        ("invalid config for network demo_other: invalid MAC address zz", "networks.other.mac_address zz"),
        (
            "failed to add interface veth1 to sandbox: error setting interface \"veth1\" MAC to \"01:00:5e:00:00:01\": cannot assign requested address",
            "networks.other.mac_address 01:00:5e:00:00:01",
        ),
        (
            &endpoint("no configured subnet or ip-range contain the IP address 10.9.9.9"),
            "networks.n.ipv4_address 10.9.9.9",
        ),
        (
            &endpoint(
                "user specified IP address is supported only when connecting to networks with user configured subnets",
            ),
            "networks.n.ipv4_address",
        ),
        (&endpoint("invalid link-local IP address: zz"), "networks.n.link_local_ips"),
        (
            "failed to add interface veth1 to sandbox: error renaming interface \"veth1\" to \"a/b\": invalid argument",
            "networks.n.interface_name",
        ),
        (
            "failed to set up container networking: no available IPv4 addresses on this network's address pools: demo_n (163)",
            "/networks.n",
        ),
        ("bad nameserver address nosuch: ParseAddr(\"nosuch\"): unable to parse IP", "dns nosuch"),
        ("invalid IP address in add-host: \"nosuch\"", "extra_hosts nosuch"),
        ("invalid port specification: \"99999\"", "ports 99999"),
        ("driver failed programming external connectivity on endpoint demo-all-1: all ports are allocated", "ports"),
        ("something that no row knows", "nothing"),
    ];
    let mut wrong = Vec::new();
    for (words, expected) in cases {
        let expected = match expected.strip_prefix('/') {
            Some(top) => top.to_owned(),
            None if *expected == "nothing" => "nothing".to_owned(),
            None => format!("services.all.{expected}"),
        };
        let found = explained(all, words);
        if found != expected {
            wrong.push(format!("{words}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn keys_that_no_file_has_are_not_the_cause() {
    let (_folder, plan) = planned();
    let of = |service: &str| {
        step(&plan, |action| matches!(action, Action::CreateContainer(spec) if spec.replica.service == service))
    };
    let not_found = "exec: \"nosuch\": executable file not found in $PATH";
    assert_eq!(explained(of("bare"), not_found), "services.bare.image nosuch");
    assert_eq!(explained(of("bare"), "unable to find user x: no matching entries in passwd file"), "nothing");
    assert_eq!(explained(of("bare"), "failed to set up container networking: network nosuch not found"), "nothing");
    let network = "failed to set up container networking: network nosuch not found";
    assert_eq!(explained(of("mode"), network), "services.mode.network_mode nosuch");
}

#[test]
fn words_about_hooks_builds_networks_and_volumes_lead_to_theirs() {
    let (_folder, plan) = planned();
    let hook = step(&plan, |action| matches!(action, Action::RunPreStart { hook: 1, .. }));
    let place = "services.hooked.pre_start.1";
    assert_eq!(
        explained(hook, "exec: \"nosuch\": executable file not found in $PATH"),
        format!("{place}.command nosuch")
    );
    assert_eq!(explained(hook, "unable to find user nobodyhere: no matching"), format!("{place}.user nobodyhere"));

    let build = step(&plan, |action| matches!(action, Action::BuildImage { .. }));
    assert_eq!(explained(build, "no Dockerfile at `/app/Nosuch`"), "services.built.build.dockerfile /app/Nosuch");
    let unreadable = "cannot read `/app/.dockerignore`: it is not a file";
    assert_eq!(explained(build, unreadable), "services.built.build.context /app/");
    assert_eq!(explained(build, "build context `/app` does not exist"), "services.built.build.context /app");
    assert_eq!(explained(build, "target stage \"nosuch\" could not be found"), "services.built.build.target nosuch");

    let network =
        |name: &str| step(&plan, |action| matches!(action, Action::CreateNetwork { key, .. } if key.as_str() == name));
    for (words, expected) in [
        ("invalid pool request: Pool overlaps with other one on this address space", "networks.n.ipam.config"),
        ("plugin \"nosuch\" not found", "networks.n.driver nosuch"),
        ("This node is not a swarm manager. Use \"docker swarm init\"", "networks.n.driver"),
        ("invalid subinterface vlan name nosuch0, example formatting is eth0.10", "networks.n.driver_opts nosuch0"),
        (
            "invalid network config:\ninvalid gateway 10.1.1.1: parent subnet doesn't contain this address",
            "networks.n.ipam.config 10.1.1.1",
        ),
        (
            "invalid network config:\ninvalid subnet 10.0.0.5/29: it should be 10.0.0.0/29",
            "networks.n.ipam.config 10.0.0.5/29",
        ),
        (
            "failed to parse com.docker.network.driver.mtu value: abc",
            "networks.n.driver_opts com.docker.network.driver.mtu",
        ),
        ("all predefined address pools have been fully subnetted", "networks.n"),
    ] {
        assert_eq!(explained(network("n"), words), expected, "{words}");
    }
    // Nothing in the files asks for the network of services without networks; what to do is told all the same.
    let default = explain(network("default"), "all predefined address pools have been fully subnetted").expect("a row");
    assert!(default.places.is_empty() && hint_of(default).is_some());

    let volume = step(&plan, |action| matches!(action, Action::CreateVolume { .. }));
    for (words, expected) in [
        (
            "create stored: error looking up volume plugin nosuch: plugin \"nosuch\" not found",
            "volumes.data.driver nosuch",
        ),
        ("create stored: invalid option: \"type\"", "volumes.data.driver_opts type"),
        ("create stored: missing required option: \"device\"", "volumes.data.driver_opts device"),
        ("create stored: quota size requested but no quota support", "volumes.data.driver_opts"),
        ("create a b: \"a b\" includes invalid characters for a local volume name, only", "volumes.data.name"),
    ] {
        assert_eq!(explained(volume, words), expected, "{words}");
    }
}

/// The hint about the words of a refusal to make the container of the service `web`.
fn hint_for(web: &str, words: &str) -> Option<String> {
    let (_folder, plan) = plan_of(&format!("name: demo\nservices:\n  web: {web}\n"));
    hint_of(explain(step(&plan, |action| matches!(action, Action::CreateContainer(_))), words)?)
}

fn hint_of(refusal: Refusal) -> Option<String> {
    failure::hint(&StepError::Refused { words: String::new(), refusal: Box::new(refusal) })
}

#[test]
fn a_program_with_blanks_is_several_words() {
    let web = r#"{image: busybox, command: ["sh -c 'sleep 100'"]}"#;
    let cases = [
        ("sh -c 'sleep 100'", "the image has no program `sh -c 'sleep 100'`: write each word as its own list item"),
        ("nosuch", "the image has no program `nosuch`"),
    ];
    for (program, hint) in cases {
        let words = format!("exec: \"{program}\": executable file not found in $PATH");
        assert_eq!(hint_for(web, &words).as_deref(), Some(hint));
    }
}

#[test]
fn a_relative_target_gets_a_hint() {
    let web = "{image: busybox, volumes: ['data:x']}\nvolumes: {data: {}}";
    let words = "invalid volume specification: 'demo_data:x:rw': invalid mount path: 'x' mount path must be absolute";
    assert_eq!(hint_for(web, words).as_deref(), Some("write a path that begins with `/`"));
}

#[test]
fn a_folder_where_a_file_is_wanted_is_told_how_it_comes_about() {
    let (_folder, plan) = planned();
    let all = step(&plan, |action| matches!(action, Action::CreateContainer(spec) if spec.replica.service == "all"));
    let hint = |cause: &str| {
        let words = format!("error mounting \"/srv\" to rootfs at \"/y\": create mountpoint for /y mount: {cause}");
        hint_of(explain(all, &words).expect("it is explained"))
    };
    let told = hint(
        "cannot create subdirectories in \"/y\": not a directory: Are you trying to mount a directory onto a file?",
    );
    assert!(told.as_ref().is_some_and(|hint| hint.contains("the engine created a folder")), "{told:?}");
    assert_eq!(hint("permission denied"), None);
}

#[test]
fn what_a_hook_lacks_is_refused_before_anything_is_created() {
    let cases = [
        ("networks: [front]", "uses undefined network `front`", "front"),
        ("secrets: [token]", "uses undefined secret `token`", "token"),
        ("configs: [{source: settings, target: /x}]", "uses undefined config `settings`", "settings"),
        ("per_replica: true", "per_replica is not yet supported", "true"),
    ];
    for (attribute, message, place) in cases {
        let text = format!(
            "services: {{s: {{image: app, pre_start: [{{image: x, per_replica: false}}, {{image: x, {attribute}}}]}}}}"
        );
        let folder = compose_file(&text);
        let loaded = load(&LoadOptions::new(folder.path())).expect("the file is right");
        let project = Arc::new(loaded.project);
        let error = plan::up(&project, &Observed::default(), &UpOptions::default()).expect_err("refused");
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.to_string().contains("pre_start[1]"), "{error}");
        assert!(error.hint().is_some(), "{error}");
        let span = project.origins.nearest(&error.path().expect("a place")).expect("it is in the file");
        // A list of networks has no place of its own once it is completed by that of the service.
        let marked = loaded.sources.text(span);
        assert!(marked.contains(place) && !marked.contains("false"), "{error}: {marked}");
    }
}
