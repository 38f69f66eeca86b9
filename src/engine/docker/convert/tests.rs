//! Attribute by attribute: a service in, JSON of the request out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::engine::{CreateContainer, EngineError};
use crate::observed::{ApiVersion, ContainerId, EngineVersion};
use crate::plan::{ContainerRef, ContainerSpec, Handle, InheritedVolume, Replaced, Replica};
use crate::project::value::{
    BindOptions, ByteSize, Device, DeviceCount, DeviceRequest, Duration, FileMode, ImageOptions, Link, Mount,
    MountKind, NamespaceMode, Port, RecursiveBind, SelinuxLabel, Tmpfs, TmpfsOptions, Ulimit, VolumeOptions,
    VolumesFrom, mount,
};
use crate::project::{
    Blkio, Condition, Config, Dependency, Deploy, DeployRestartPolicy, FileReference, FileSource, Healthcheck, Ipam,
    IpamPool, Logging, Network, NetworkKey, Project, Reservations, ResourceLimits, Resources, Secret, Service,
    ServiceNetwork, ThrottleDevice, Volume,
};

fn service() -> Service {
    Service { networks: [("default".into(), None)].into(), ..Service::new("web") }
}

fn project(service: Service) -> Project {
    let network = |name: &str| Network { name: name.to_owned(), ..Network::default() };
    Project {
        name: "shop".into(),
        working_directory: "/shop".into(),
        compose_files: vec!["/shop/compose.yaml".into(), "/shop/more.yaml".into()],
        services: [("web".into(), service)].into(),
        networks: [("default".into(), network("shop_default")), ("back".into(), network("real-back"))].into(),
        volumes: [("data".into(), Volume { name: "shop_data".to_owned(), ..Volume::default() })].into(),
        ..Project::default()
    }
}

fn request(project: Project) -> CreateContainer {
    let replica = Replica { service: "web".into(), number: 2 };
    let spec = ContainerSpec::new(Arc::new(project), replica, "shop-web-2", "nginx");
    CreateContainer {
        spec: Arc::new(spec),
        name: "0123_shop-web-2".to_owned(),
        config_hash: "cc".to_owned(),
        field_digests: String::new(),
        content_digests: String::new(),
        image_digest: Some("sha256:aa".into()),
        references: [("db".into(), ContainerId::from("d1"))].into(),
        variables: BTreeMap::new(),
        image_volumes: BTreeMap::new(),
        inherited: Vec::new(),
    }
}

fn facts(minor: u32) -> Facts {
    let engine = EngineVersion { api: ApiVersion::new(1, minor), os: "linux".to_owned() };
    Facts { engine, ..Facts::default() }
}

fn made(service: Service) -> Result<Value, EngineError> {
    let made = create_request(&request(project(service)), &facts(51))?;
    Ok(serde_json::to_value(made.body).unwrap())
}

/// Checks the value at a path such as `HostConfig.Memory` after `change` is applied to a service.
#[track_caller]
fn check(path: &str, expected: &Value, change: impl FnOnce(&mut Service)) {
    let mut service = service();
    change(&mut service);
    let body = made(service).unwrap();
    let found = path.split('.').fold(&body, |value, key| &value[key]);
    assert_eq!(found, expected, "{path}");
}

#[track_caller]
fn fails(expected: &str, change: impl FnOnce(&mut Service)) {
    let mut service = service();
    change(&mut service);
    let error = made(service).unwrap_err();
    assert_eq!(error.to_string(), format!("service `web`: {expected}"));
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_runs() {
    check("Image", &json!("nginx"), |_| {});
    check("Cmd", &Value::Null, |_| {});
    check("Cmd", &json!([]), |service| service.command = Some(Vec::new()));
    check("Entrypoint", &json!(["a", "b"]), |service| service.entrypoint = Some(strings(&["a", "b"])));
    check("Hostname", &json!("h"), |service| service.hostname = Some("h".to_owned()));
    check("Tty", &json!(true), |service| service.tty = true);
    check("AttachStdout", &json!(true), |_| {});
    check("AttachStdin", &json!(false), |service| service.stdin_open = true);
    check("StopTimeout", &json!(90), |service| service.stop_grace_period = Some(Duration(90_999_999_999)));
    check("StopTimeout", &Value::Null, |_| {});
    let podman = create_request(&request(project(service())), &Facts { podman: true, ..facts(41) }).unwrap();
    assert_eq!(podman.body.stop_timeout, Some(10));
    check("NetworkDisabled", &json!(true), |service| {
        service.networks.clear();
        service.network_mode = Some("disabled".into());
    });
}

#[test]
fn environment_wins_over_proxies() {
    let mut service = service();
    service.environment = [("B".to_owned(), Some("2".to_owned())), ("UNSET".to_owned(), None)].into();
    service.environment.insert("no_proxy".to_owned(), Some("mine".to_owned()));
    let proxies = pairs(&[("HTTP_PROXY", "p"), ("no_proxy", "x")]);
    let facts = Facts { proxies, ..facts(51) };
    let body = create_request(&request(project(service)), &facts).unwrap().body;
    assert_eq!(body.env.unwrap(), ["B=2", "HTTP_PROXY=p", "UNSET", "no_proxy=mine"]);
}

#[test]
fn ports() {
    let port = |target, published: Option<&str>, ip: Option<&str>| Port {
        target,
        published: published.map(Into::into),
        host_ip: ip.map(Into::into),
        protocol: Some("tcp".to_owned()),
        ..Port::default()
    };
    check("ExposedPorts", &json!({"80/tcp": {}, "53/udp": {}, "7000/tcp": {}, "7001/tcp": {}}), |service| {
        service.ports = vec![port(80, None, None)];
        service.expose = strings(&["53/udp", "7000-7001"]);
    });
    let expected = json!({
        "80/tcp": [{"HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "8081-8089"}],
        "81/tcp": [{"HostPort": ""}],
    });
    check("HostConfig.PortBindings", &expected, |service| {
        service.ports =
            vec![port(80, Some("8080"), None), port(80, Some("8081-8089"), Some("127.0.0.1")), port(81, None, None)];
    });
    fails("`x` is not a port to expose", |service| service.expose = strings(&["x"]));
}

#[test]
fn health() {
    let expected = json!({"Test": ["CMD", "x"], "Interval": 1_500_000_000, "Retries": 3});
    check("Healthcheck", &expected, |service| {
        service.healthcheck = Some(Healthcheck {
            test: strings(&["CMD", "x"]),
            interval: Some(Duration(1_500_000_000)),
            retries: Some(3),
            ..Healthcheck::default()
        });
    });
    check("Healthcheck", &json!({"Test": ["NONE"]}), |service| {
        service.healthcheck = Some(Healthcheck { disable: true, ..Healthcheck::default() });
    });
    fails("healthcheck.start_interval requires healthcheck.start_period to be set", |service| {
        service.healthcheck = Some(Healthcheck { start_interval: Some(Duration(1)), ..Healthcheck::default() });
    });
}

#[test]
fn labels() {
    let mut web = service();
    web.labels = pairs(&[("mine", "1"), ("com.docker.compose.project", "not mine")]);
    let restarting = Dependency { condition: Condition::Healthy, restart: true, ..Dependency::default() };
    let optional = Dependency { required: false, ..Dependency::default() };
    web.depends_on =
        [("db".into(), restarting), ("cache".into(), Dependency::default()), ("disabled".into(), optional)].into();
    let mut project = project(web);
    for name in ["db", "cache"] {
        project.services.insert(name.into(), Service::new(name));
    }
    project.env_files = vec!["/shop/a.env".into()];
    let mut request = request(project);
    let spec = Arc::make_mut(&mut request.spec);
    spec.replaces = Some(Replaced {
        container: ContainerRef { replica: None, name: "old".to_owned(), handle: Handle::Existing("o1".into()) },
        inherited: Vec::new(),
        inherits: true,
    });
    let volume = "0123456789abcdef".repeat(4);
    request.inherited = vec![InheritedVolume { volume, target: "/cache".to_owned(), read_only: false }];
    request.field_digests = "f".to_owned();
    request.content_digests = "c".to_owned();
    request.image_volumes = [("/b".to_owned(), "sha256:bb".into()), ("/a".to_owned(), "sha256:ab".into())].into();
    let labels = create_request(&request, &facts(51)).unwrap().body.labels.unwrap();
    let expected = [
        ("mine", "1"),
        ("com.docker.compose.project", "shop"),
        ("com.docker.compose.service", "web"),
        ("com.docker.compose.version", env!("CARGO_PKG_VERSION")),
        ("com.docker.compose.project.working_dir", "/shop"),
        ("com.docker.compose.project.config_files", "/shop/compose.yaml,/shop/more.yaml"),
        ("com.docker.compose.project.environment_file", "/shop/a.env"),
        ("com.docker.compose.oneoff", "False"),
        ("com.docker.compose.config-hash", "cc"),
        ("com.docker.compose.container-number", "2"),
        ("com.docker.compose.depends_on", "cache:service_started:false,db:service_healthy:true"),
        ("com.docker.compose.image", "sha256:aa"),
        ("com.docker.compose.image-volume-digest", "/a=sha256:ab,/b=sha256:bb"),
        ("com.docker.compose.replace", "web-2"),
        ("hoist.contents", "c"),
        ("hoist.fields", "f"),
        ("hoist.inherited", "0123456789ab"),
    ];
    assert_eq!(labels.into_iter().collect::<BTreeMap<_, _>>(), pairs(&expected));
}

#[test]
fn no_file_writes_our_labels() {
    let mut service = service();
    for name in ["hoist.inherited", "hoist.contents", "hoist.fields", "hoist.mine"] {
        service.labels.insert(name.to_owned(), "0123456789ab".to_owned());
    }
    let labels = create_request(&request(project(service)), &facts(51)).unwrap().body.labels.unwrap();
    let own: Vec<_> = labels.keys().filter(|name| name.starts_with("hoist.")).collect();
    assert_eq!(own, ["hoist.mine"]);
}

#[test]
fn labels_that_are_not_always_there() {
    let mut request = request(project(service()));
    request.image_digest = None;
    let labels = create_request(&request, &facts(51)).unwrap().body.labels.unwrap();
    for absent in ["project.environment_file", "image", "image-volume-digest", "replace"] {
        assert!(!labels.contains_key(&format!("com.docker.compose.{absent}")), "{absent}");
    }
    assert_eq!(labels["com.docker.compose.depends_on"], "");
}

#[test]
fn the_host() {
    check("HostConfig.CapDrop", &json!(["ALL"]), |service| service.cap_drop = strings(&["all"]));
    check("HostConfig.CapAdd", &json!(["CAP_CHOWN", "CAP_KILL"]), |service| {
        service.cap_add = strings(&["chown", "CAP_KILL", "KILL"]);
    });
    check("HostConfig.ReadonlyRootfs", &json!(true), |service| service.read_only = true);
    check("HostConfig.Init", &json!(false), |service| service.init = Some(false));
    check("HostConfig.Init", &Value::Null, |_| {});
    check("HostConfig.ShmSize", &json!(64), |service| service.shm_size = ByteSize(64));
    check("HostConfig.Dns", &json!(["8.8.8.8"]), |service| service.dns = strings(&["8.8.8.8"]));
    fails("invalid DNS address: x", |service| service.dns = strings(&["x"]));
    check("HostConfig.ExtraHosts", &json!(["a:1.1.1.1", "a:::1"]), |service| {
        service.extra_hosts.0.insert("a".to_owned(), strings(&["1.1.1.1", "::1"]));
    });
    check("HostConfig.LogConfig", &json!({"Type": "local", "Config": {"max-size": "1m"}}), |service| {
        let options = pairs(&[("max-size", "1m")]);
        service.logging = Some(Logging { driver: Some("local".to_owned()), options, ..Logging::default() });
    });
    check("HostConfig.Tmpfs", &json!({"/a": "", "/b": "size=1m:x"}), |service| {
        service.tmpfs = ["/a", "/b:size=1m:x"].map(Tmpfs::from).to_vec();
    });
    check("HostConfig.Isolation", &json!("process"), |service| service.isolation = Some("process".to_owned()));
    fails("`x` is not a valid value of `isolation`", |service| service.isolation = Some("x".to_owned()));
}

#[test]
fn namespaces() {
    check("HostConfig.IpcMode", &json!("container:d1"), |service| service.ipc = Some("service:db".into()));
    check("HostConfig.PidMode", &json!("container:c"), |service| service.pid = Some("container:c".into()));
    check("HostConfig.UTSMode", &json!("host"), |service| service.uts = Some("host".into()));
    check("HostConfig.CgroupnsMode", &json!("private"), |service| service.cgroup = Some("private".into()));
    fails("cannot share PID namespace with service x: container missing", |service| {
        service.pid = Some("service:x".into());
    });
    for (attribute, set) in [
        ("uts", (|service, mode| service.uts = mode) as fn(&mut Service, Option<NamespaceMode>)),
        ("cgroup", |service, mode| service.cgroup = mode),
    ] {
        let problem = format!(
            "`{attribute}: service:db` is not supported: engines cannot share that namespace between containers"
        );
        fails(&problem, |service| set(service, Some("service:db".into())));
    }
}

#[test]
fn mounts_of_others_keep_their_mode() {
    check("HostConfig.VolumesFrom", &json!(["d1:ro", "d1", "c", "c:ro"]), |service| {
        service.volumes_from = ["db:ro", "db:rw", "container:c", "container:c:ro"].map(VolumesFrom::from).to_vec();
    });
    fails("cannot share volume with service x: container missing", |service| {
        service.volumes_from = vec![VolumesFrom::from("x")];
    });
}

#[test]
fn restarts() {
    let policy = |text: &str| {
        let text = text.to_owned();
        move |service: &mut Service| service.restart = Some(text)
    };
    check("HostConfig.RestartPolicy", &Value::Null, |_| {});
    check("HostConfig.RestartPolicy", &json!({"Name": "always"}), policy("always"));
    let counted = json!({"Name": "on-failure", "MaximumRetryCount": 3});
    check("HostConfig.RestartPolicy", &counted, policy("on-failure:3"));
    fails("invalid restart policy: unknown policy `sometimes`", policy("sometimes"));
    fails("`restart: on-failure:x` does not end with a number", policy("on-failure:x"));

    let deployed = |condition: Option<&str>, max_attempts| {
        let condition = condition.map(Into::into);
        let restart_policy = Some(DeployRestartPolicy { condition, max_attempts, ..DeployRestartPolicy::default() });
        move |service: &mut Service| {
            service.restart = Some("no".to_owned());
            service.deploy = Some(Deploy { restart_policy, ..Deploy::default() });
        }
    };
    check("HostConfig.RestartPolicy", &json!({"Name": "always"}), deployed(None, None));
    check("HostConfig.RestartPolicy", &json!({"Name": "always"}), deployed(Some("any"), Some(3)));
    check("HostConfig.RestartPolicy", &json!({"Name": "no"}), deployed(Some("none"), None));
    check("HostConfig.RestartPolicy", &counted, deployed(Some("on-failure"), Some(3)));
}

#[test]
fn security() {
    let options = |texts: &[&str]| {
        let texts = strings(texts);
        move |service: &mut Service| service.security_opt = texts
    };
    check("HostConfig.SecurityOpt", &json!(["no-new-privileges", "label:disable", "seccomp=unconfined"]), {
        options(&["no-new-privileges", "label:disable", "seccomp=unconfined"])
    });
    check("HostConfig.SecurityOpt", &Value::Null, options(&["systempaths=unconfined"]));
    check("HostConfig.MaskedPaths", &json!([]), options(&["systempaths=unconfined"]));
    check("HostConfig.MaskedPaths", &Value::Null, |_| {});
    fails("invalid security-opt: \"x\"", options(&["x"]));

    let mut web = service();
    web.security_opt = strings(&["seccomp:profile.json"]);
    assert_eq!(seccomp_files(&web).collect::<Vec<_>>(), ["profile.json"]);
    let facts = Facts { seccomp: pairs(&[("profile.json", "{}")]), ..facts(51) };
    let host = create_request(&request(project(web)), &facts).unwrap().body.host_config.unwrap();
    assert_eq!(host.security_opt.unwrap(), ["seccomp={}"]);
}

#[test]
fn resources() {
    check("HostConfig.Memory", &json!(7), |service| service.mem_limit = ByteSize(7));
    check("HostConfig.MemorySwap", &json!(-1), |service| service.memswap_limit = ByteSize(-1));
    check("HostConfig.OomKillDisable", &json!(false), |_| {});
    check("HostConfig.NanoCpus", &json!(1_500_000_000), |service| service.cpus = 1.5);
    check("HostConfig.CpuPercent", &json!(5050), |service| service.cpu_percent = 50.5);
    check("HostConfig.PidsLimit", &json!(-1), |service| service.pids_limit = -1);
    let limits = json!([{"Name": "core", "Soft": 5, "Hard": 5}, {"Name": "nofile", "Soft": 1, "Hard": 2}]);
    check("HostConfig.Ulimits", &limits, |service| {
        let pair = Ulimit::Pair { soft: 1, hard: 2, extensions: BTreeMap::default() };
        service.ulimits = [("nofile".to_owned(), pair), ("core".to_owned(), Ulimit::Single(5))].into();
    });
    check("HostConfig.BlkioDeviceReadBps", &json!([{"Path": "/dev/a", "Rate": 9}]), |service| {
        let device = ThrottleDevice { path: "/dev/a".to_owned(), rate: ByteSize(9), ..ThrottleDevice::default() };
        service.blkio_config = Some(Blkio { device_read_bps: vec![device], ..Blkio::default() });
    });
}

#[test]
fn deploy_wins_over_attributes_of_old() {
    let limits = ResourceLimits { cpus: 0.5, memory: ByteSize(9), pids: 0, ..ResourceLimits::default() };
    let reservations = Reservations { memory: ByteSize(4), ..Reservations::default() };
    let resources = Resources { limits: Some(limits), reservations: Some(reservations), ..Resources::default() };
    let mut web = service();
    web.mem_limit = ByteSize(1);
    web.pids_limit = 33;
    web.deploy = Some(Deploy { resources, ..Deploy::default() });
    let host = &made(web).unwrap()["HostConfig"];
    assert_eq!(host["Memory"], 9);
    assert_eq!(host["NanoCpus"], 500_000_000);
    assert_eq!(host["PidsLimit"], 33);
    assert_eq!(host["MemoryReservation"], 4);
}

#[test]
fn devices() {
    let device = |source: &str, target: Option<&str>| Device {
        source: source.to_owned(),
        target: target.map(Into::into),
        permissions: Some("rwm".to_owned()),
        ..Device::default()
    };
    let mut web = service();
    web.devices = vec![device("/dev/kvm", Some("/dev/kvm")), device("v.example/c=all", Some("v.example/c=all"))];
    web.gpus = vec![DeviceRequest { count: DeviceCount::ALL, ..DeviceRequest::default() }];
    let reserved = DeviceRequest {
        driver: Some("x".to_owned()),
        capabilities: strings(&["gpu"]),
        device_ids: strings(&["0"]),
        ..DeviceRequest::default()
    };
    let reservations = Some(Reservations { devices: vec![reserved], ..Reservations::default() });
    let resources = Resources { reservations, ..Resources::default() };
    web.deploy = Some(Deploy { resources, ..Deploy::default() });
    let host = &made(web).unwrap()["HostConfig"];
    let expected = json!([{"PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm", "CgroupPermissions": "rwm"}]);
    assert_eq!(host["Devices"], expected);
    let expected = json!([
        {"Driver": "x", "DeviceIDs": ["0"], "Capabilities": [["gpu"]]},
        {"Driver": "cdi", "DeviceIDs": ["v.example/c=all"]},
        {"Count": -1, "Capabilities": [["gpu"]]},
    ]);
    assert_eq!(host["DeviceRequests"], expected);
}

/// Networks of a service: the key, its priority and its settings.
fn attached(change: impl FnOnce(&mut ServiceNetwork)) -> Service {
    let mut back = ServiceNetwork { priority: 1, ..ServiceNetwork::default() };
    change(&mut back);
    let mut service = service();
    service.networks.insert("back".into(), Some(back));
    service
}

#[test]
fn networks_by_priority() {
    let body = made(attached(|back| back.aliases = strings(&["b"]))).unwrap();
    assert_eq!(body["HostConfig"]["NetworkMode"], "real-back");
    let expected = json!({
        "real-back": {"Aliases": ["shop-web-2", "web", "b"], "IPAMConfig": {}},
        "shop_default": {"Aliases": ["shop-web-2", "web"]},
    });
    assert_eq!(body["NetworkingConfig"]["EndpointsConfig"], expected);
}

#[test]
fn older_engines_create_with_one_network() {
    let made = create_request(&request(project(attached(|_| {}))), &facts(43)).unwrap();
    let endpoints = made.body.networking_config.unwrap().endpoints_config.unwrap();
    assert_eq!(endpoints.into_keys().collect::<Vec<_>>(), ["real-back"]);
    assert_eq!(made.connect.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["shop_default"]);
}

#[test]
fn endpoints() {
    let endpoint =
        |service: Service| made(service).map(|body| body["NetworkingConfig"]["EndpointsConfig"]["real-back"].clone());
    let found = endpoint(attached(|back| {
        back.ipv4_address = Some("10.0.0.9".to_owned());
        back.link_local_ips = strings(&["169.254.1.1"]);
        back.mac_address = Some("02:00:00:00:00:01".to_owned());
        back.driver_opts = pairs(&[("o", "1")]);
        back.interface_name = Some("eth7".to_owned());
        back.gw_priority = 3;
    }));
    let expected = json!({
        "Aliases": ["shop-web-2", "web"],
        "IPAMConfig": {"IPv4Address": "10.0.0.9", "LinkLocalIPs": ["169.254.1.1"]},
        "MacAddress": "02:00:00:00:00:01",
        "DriverOpts": {"o": "1", "com.docker.network.endpoint.ifname": "eth7"},
        "GwPriority": 3,
    });
    assert_eq!(found, Ok(expected));

    let message = |service: Service| endpoint(service).unwrap_err().to_string();
    let wrong = attached(|back| back.ipv4_address = Some("x".to_owned()));
    assert_eq!(message(wrong), "service `web`: invalid IPv4 address: x");
    let mut two = attached(|back| back.mac_address = Some("02:00:00:00:00:01".to_owned()));
    two.mac_address = Some("02:00:00:00:00:02".to_owned());
    let expected = "service `web`: the service-level mac_address should have the same value as network back";
    assert_eq!(message(two), expected);
    let mut primary = attached(|_| {});
    primary.mac_address = Some("02:00:00:00:00:02".to_owned());
    assert_eq!(endpoint(primary).unwrap()["MacAddress"], "02:00:00:00:00:02");
}

#[test]
fn interface_names_need_a_newer_engine() {
    let named = attached(|back| back.interface_name = Some("eth7".to_owned()));
    let error = create_request(&request(project(named)), &facts(48)).unwrap_err();
    let expected = "service `web`: interface_name requires Docker Engine v28.1 or later";
    assert_eq!(error, EngineError::Unsupported(expected.to_owned()));
}

#[test]
fn what_an_older_engine_leaves_out_is_said() {
    let warned =
        |service: Service, minor| create_request(&request(project(service)), &facts(minor)).map(|made| made.warnings);
    let priority = || attached(|back| back.gw_priority = 10);
    let expected = "service `web`: gw_priority requires Docker Engine v28 or later; this one ignores it";
    assert_eq!(warned(priority(), 47), Ok(vec![expected.to_owned()]));
    assert_eq!(warned(priority(), 48), Ok(Vec::new()));
    let annotated = || Service { annotations: [("a".to_owned(), "b".to_owned())].into(), ..service() };
    let expected = "service `web`: annotations requires Docker Engine v24 or later; this one ignores it";
    assert_eq!(warned(annotated(), 41), Ok(vec![expected.to_owned()]));
    // Without its subpath the whole volume would be mounted.
    let options = VolumeOptions { subpath: Some("part".to_owned()), ..VolumeOptions::default() };
    let mount = Mount {
        kind: MountKind::Volume,
        source: Some("data".to_owned()),
        target: "/data".to_owned(),
        volume: Some(options),
        ..Mount::default()
    };
    let part = || Service { volumes: vec![mount.clone()], ..service() };
    let expected = "service `web`: volume.subpath requires Docker Engine v26 or later";
    assert_eq!(warned(part(), 44), Err(EngineError::Unsupported(expected.to_owned())));
    assert_eq!(warned(part(), 45), Ok(Vec::new()));
}

#[test]
fn modes_instead_of_networks() {
    let mode = |text: &str| {
        let text = text.to_owned();
        move |service: &mut Service| {
            service.networks.clear();
            service.network_mode = Some(text.as_str().into());
        }
    };
    check("HostConfig.NetworkMode", &json!("host"), mode("host"));
    check("NetworkingConfig", &Value::Null, mode("host"));
    check("HostConfig.NetworkMode", &json!("container:d1"), mode("service:db"));
    check("HostConfig.NetworkMode", &json!("none"), |service| service.networks.clear());
    fails("cannot share network namespace with service x: container missing", mode("service:x"));
}

#[test]
fn links() {
    let mut web = service();
    web.links = ["db", "db:store"].map(Link::from).to_vec();
    web.external_links = strings(&["other", "far:near"]);
    let mut request = request(project(web));
    let container = ContainerRef { replica: None, name: "shop-db-1".to_owned(), handle: Handle::Existing("d1".into()) };
    Arc::make_mut(&mut request.spec).linked = [("db".into(), vec![container])].into();
    let made = create_request(&request, &facts(51)).unwrap();
    let endpoints = made.body.networking_config.unwrap().endpoints_config.unwrap();
    let expected = [
        "shop-db-1:db",
        "shop-db-1:db-2",
        "shop-db-1:shop-db-2",
        "shop-db-1:store",
        "shop-db-1:db-2",
        "shop-db-1:shop-db-2",
        "other:other",
        "far:near",
    ];
    assert_eq!(endpoints["shop_default"].links.as_ref().unwrap(), &expected);
}

#[test]
fn a_reconnected_endpoint_keeps_its_settings() {
    let request = request(project(attached(|back| {
        back.aliases = strings(&["b"]);
        back.ipv4_address = Some("10.0.0.9".to_owned());
    })));
    let (name, endpoint) = endpoint_to_connect(&request.spec, &"back".into(), &facts(51)).unwrap();
    let created = create_request(&request, &facts(51)).unwrap().body.networking_config.unwrap();
    assert_eq!(name, "real-back");
    assert_eq!(endpoint, created.endpoints_config.unwrap()["real-back"]);
}

fn short(text: &str) -> Mount {
    mount::parse_short(text).unwrap()
}

fn volumes(mounts: Vec<Mount>) -> impl FnOnce(&mut Service) {
    move |service| service.volumes = mounts
}

#[test]
fn mounts_that_the_short_form_can_say() {
    let relabelled = Mount {
        kind: MountKind::Bind,
        source: Some("/src".to_owned()),
        target: "/c".to_owned(),
        bind: Some(BindOptions { selinux: Some(SelinuxLabel::Private), ..BindOptions::default() }),
        ..Mount::default()
    };
    let expected = json!(["/src:/a:ro", "shop_data:/b:rw", "/src:/c:rw,Z"]);
    check("HostConfig.Binds", &expected, volumes(vec![short("/src:/a:ro"), short("data:/b"), relabelled]));
}

#[test]
fn mounts_that_need_the_long_form() {
    let mount = |kind, source: Option<&str>| Mount {
        kind,
        source: source.map(Into::into),
        target: "/t".to_owned(),
        ..Mount::default()
    };
    let bind = |options| Mount { bind: Some(options), ..mount(MountKind::Bind, Some("/s")) };
    let kept = BindOptions { create_host_path: false, ..BindOptions::default() };
    let shared = BindOptions { propagation: Some("rshared".to_owned()), ..BindOptions::default() };
    let flat = BindOptions { recursive: Some(RecursiveBind::Disabled), ..BindOptions::default() };
    let options = VolumeOptions { nocopy: true, subpath: Some("sub".to_owned()), ..VolumeOptions::default() };
    let tmpfs = TmpfsOptions { size: ByteSize(9), mode: 0o700, ..TmpfsOptions::default() };
    let image = ImageOptions { subpath: Some("sub".to_owned()), ..ImageOptions::default() };
    let table = [
        (bind(kept), json!({"Type": "bind", "Source": "/s", "Target": "/t", "BindOptions": {}})),
        (
            bind(shared),
            json!({"Type": "bind", "Source": "/s", "Target": "/t",
                   "BindOptions": {"Propagation": "rshared", "CreateMountpoint": true}}),
        ),
        (
            bind(flat),
            json!({"Type": "bind", "Source": "/s", "Target": "/t",
                   "BindOptions": {"NonRecursive": true, "CreateMountpoint": true}}),
        ),
        (
            Mount { volume: Some(options), ..mount(MountKind::Volume, Some("data")) },
            json!({"Type": "volume", "Source": "shop_data", "Target": "/t",
                   "VolumeOptions": {"NoCopy": true, "Subpath": "sub"}}),
        ),
        (mount(MountKind::Volume, None), json!({"Type": "volume", "Target": "/t"})),
        (
            Mount { tmpfs: Some(tmpfs), read_only: true, ..mount(MountKind::Tmpfs, None) },
            json!({"Type": "tmpfs", "Target": "/t", "ReadOnly": true, "TmpfsOptions": {"SizeBytes": 9, "Mode": 448}}),
        ),
        (
            Mount { image: Some(image), ..mount(MountKind::Image, Some("alpine")) },
            json!({"Type": "image", "Source": "alpine", "Target": "/t", "ImageOptions": {"Subpath": "sub"}}),
        ),
        (mount(MountKind::NamedPipe, Some("p")), json!({"Type": "npipe", "Source": "p", "Target": "/t"})),
    ];
    for (mount, expected) in table {
        check("HostConfig.Mounts", &json!([expected]), volumes(vec![mount]));
    }
}

#[test]
fn lost_relabelling_is_told() {
    let options =
        BindOptions { selinux: Some(SelinuxLabel::Shared), create_host_path: false, ..BindOptions::default() };
    let mut web = service();
    web.volumes = vec![Mount { bind: Some(options), ..short("/src:/a") }];
    let made = create_request(&request(project(web)), &facts(51)).unwrap();
    assert_eq!(made.warnings.len(), 1);
}

#[test]
fn image_mounts_need_a_newer_engine() {
    let mut web = service();
    web.volumes = vec![Mount { kind: MountKind::Image, source: Some("alpine".to_owned()), ..short("/t") }];
    let error = create_request(&request(project(web)), &facts(47)).unwrap_err();
    assert_eq!(error.to_string(), "service `web`: volume with type=image require Docker Engine v28 or later");
}

#[test]
fn carried_over_volumes_take_the_place_of_anonymous_ones() {
    let mut web = service();
    web.volumes = vec![short("/anonymous"), short("data:/named")];
    let mut request = request(project(web));
    let inherited = |volume: &str, target: &str| InheritedVolume {
        volume: volume.to_owned(),
        target: target.to_owned(),
        read_only: true,
    };
    request.inherited = vec![inherited("v1", "/anonymous"), inherited("v2", "/named"), inherited("v3", "/image")];
    let host = create_request(&request, &facts(51)).unwrap().body.host_config.unwrap();
    assert_eq!(host.binds.unwrap(), ["shop_data:/named:rw"]);
    let mounts: Vec<_> =
        host.mounts.unwrap().into_iter().map(|mount| (mount.source.unwrap(), mount.target.unwrap())).collect();
    assert_eq!(mounts, [("v1".to_owned(), "/anonymous".to_owned()), ("v3".to_owned(), "/image".to_owned())]);
}

/// A project whose service has a secret and a config, each from its own source.
fn with_files(secret: Option<FileSource>, config: Option<FileSource>) -> Project {
    let mut web = service();
    web.secrets = secret.iter().map(|_| FileReference { source: "s".into(), ..FileReference::default() }).collect();
    let target = Some("etc/c".to_owned());
    let reference = FileReference { source: "c".into(), target, uid: Some("7".to_owned()), ..FileReference::default() };
    web.configs = config.iter().map(|_| FileReference { mode: Some(FileMode(0o640)), ..reference.clone() }).collect();
    let mut project = project(web);
    project.secrets.insert("s".into(), Secret { source: secret, ..Secret::default() });
    project.configs.insert("c".into(), Config { source: config, ..Config::default() });
    project
}

#[test]
fn files_are_mounted() {
    let file = |path: &str| Some(FileSource::File(path.to_owned()));
    let mut project = with_files(file("/shop/s.txt"), file("/shop/c.txt"));
    let made = create_request(&request(project.clone()), &facts(51)).unwrap().body.host_config.unwrap();
    let expected = json!([
        {"Type": "bind", "Source": "/shop/c.txt", "Target": "/etc/c", "ReadOnly": true},
        {"Type": "bind", "Source": "/shop/s.txt", "Target": "/run/secrets/s", "ReadOnly": true},
    ]);
    assert_eq!(serde_json::to_value(made.mounts).unwrap(), expected);
    assert!(files::injected(&request(project.clone()).spec, None).unwrap().is_empty());

    // Existing mounts at the same target stay.
    project.services.get_mut("web").unwrap().volumes = vec![short("/x:/etc/c"), short("/y:/run/secrets/s")];
    let made = create_request(&request(project), &facts(51)).unwrap().body.host_config.unwrap();
    assert_eq!(made.mounts, None);
}

#[test]
fn all_other_files_are_copied_in_one_archive() {
    let value = Some(FileSource::Environment { variable: "V".to_owned(), value: Some("hush".to_owned()) });
    let project = with_files(value, Some(FileSource::Content(String::new())));
    let request = request(project);
    assert_eq!(create_request(&request, &facts(51)).unwrap().body.host_config.unwrap().mounts, None);
    let archive = files::archive(&files::injected(&request.spec, None).unwrap()).unwrap();
    let mut found = Vec::new();
    for entry in tar::Archive::new(&*archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        let header = entry.header();
        let path = entry.path().unwrap().display().to_string();
        found.push((path, text, header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap()));
    }
    let expected = [
        ("run/secrets/s".to_owned(), "hush".to_owned(), 0o444, 0, 0),
        ("etc/c".to_owned(), String::new(), 0o640, 7, 0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn files_that_cannot_be_had() {
    let message = |project: Project| create_request(&request(project), &facts(51)).unwrap_err().to_string();
    let unset = Some(FileSource::Environment { variable: "V".to_owned(), value: None });
    let unset = request(with_files(unset, None));
    assert!(create_request(&unset, &facts(51)).is_ok(), "it is needed at the start only");
    let expected = "service `web`: environment variable \"V\" required by secret \"s\" is not set";
    assert_eq!(files::injected(&unset.spec, None).unwrap_err().to_string(), expected);

    let content = || Some(FileSource::Content("x".to_owned()));
    let mut read_only = with_files(None, content());
    read_only.services.get_mut("web").unwrap().read_only = true;
    assert!(message(read_only).starts_with("cannot create config \"c\" in read-only service web: "));

    let mut external = with_files(None, content());
    external.configs.get_mut("c").unwrap().external = true;
    assert_eq!(message(external), "service `web`: unsupported external config c");

    let mut driven = with_files(content(), None);
    driven.secrets.get_mut("s").unwrap().driver = Some("vault".to_owned());
    assert_eq!(message(driven), "service `web`: secret s needs the driver `vault`, which is unsupported");
}

#[test]
fn the_engines_socket() {
    let mut web = service();
    web.use_api_socket = true;
    let mut project = project(web);
    let body = made(project.services["web"].clone()).unwrap();
    assert_eq!(body["Env"], json!(["DOCKER_CONFIG=/run/secrets/docker"]));
    assert_eq!(body["HostConfig"]["Binds"], json!(["/var/run/docker.sock:/var/run/docker.sock:rw"]));
    let credentials = Some("{}".to_owned());
    assert_eq!(files::injected(&request(project.clone()).spec, credentials).unwrap().len(), 1);

    project.services.get_mut("web").unwrap().environment.insert("DOCKER_CONFIG".to_owned(), Some("x".to_owned()));
    let body = made(project.services["web"].clone()).unwrap();
    assert_eq!(body["Env"], json!(["DOCKER_CONFIG=x"]));
    let credentials = Some("{}".to_owned());
    assert!(files::injected(&request(project).spec, credentials).unwrap().is_empty());
}

#[test]
fn a_network() {
    let mut project = project(service());
    let pool = IpamPool {
        subnet: Some("10.0.0.0/24".to_owned()),
        gateway: Some("10.0.0.1".to_owned()),
        aux_addresses: pairs(&[("a", "10.0.0.2")]),
        ..IpamPool::default()
    };
    let key = NetworkKey::from("back");
    let network = Network {
        name: "real-back".to_owned(),
        driver: Some("bridge".to_owned()),
        driver_opts: pairs(&[("o", "1")]),
        internal: true,
        enable_ipv6: Some(true),
        ipam: Ipam { config: vec![pool], ..Ipam::default() },
        labels: pairs(&[("mine", "1")]),
        ..Network::default()
    };
    project.networks.insert(key.clone(), network.clone());
    let request = network_request(&project, &key).unwrap();
    let expected = json!({
        "Name": "real-back", "Driver": "bridge", "Options": {"o": "1"}, "Internal": true, "Attachable": false,
        "EnableIPv6": true,
        "IPAM": {"Config": [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1",
                             "AuxiliaryAddresses": {"a": "10.0.0.2"}}]},
        "Labels": {
            "mine": "1",
            "com.docker.compose.network": "back",
            "com.docker.compose.project": "shop",
            "com.docker.compose.version": env!("CARGO_PKG_VERSION"),
            "com.docker.compose.config-hash": crate::project::hash::network_hash(&network),
        },
    });
    assert_eq!(serde_json::to_value(request).unwrap(), expected);

    let wrong = |pool: IpamPool| {
        let mut project = project.clone();
        project.networks.get_mut("back").unwrap().ipam.config = vec![pool];
        network_request(&project, &key).unwrap_err().to_string()
    };
    let subnet = IpamPool { subnet: Some("x".to_owned()), ..IpamPool::default() };
    assert_eq!(wrong(subnet), "network `back`: invalid subnet: x");
    let gateway = IpamPool { gateway: Some("x".to_owned()), ..IpamPool::default() };
    assert_eq!(wrong(gateway), "network `back`: invalid gateway address: x");
}

#[test]
fn a_volume() {
    let project = project(service());
    let request = volume_request(&project, &"data".into()).unwrap();
    assert_eq!(request.name.as_deref(), Some("shop_data"));
    let labels = request.labels.unwrap();
    assert_eq!(labels["com.docker.compose.volume"], "data");
    let hash = crate::project::hash::volume_hash(&project.volumes["data"]);
    assert_eq!(labels["com.docker.compose.config-hash"], hash);
    assert!(volume_request(&project, &"none".into()).is_err());
}
