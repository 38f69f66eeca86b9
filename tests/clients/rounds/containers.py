"""A round with testcontainers' DockerCompose. Argument: folder of the project; its name comes from COMPOSE_PROJECT_NAME."""

import sys

from steps import Round, expect
from testcontainers.compose import DockerCompose
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

folder = sys.argv[1]
run = Round("testcontainers")
step = run.step
compose = DockerCompose(folder, compose_file_name="compose.yaml", wait=True)


def containers():
    found = compose.get_containers()
    expect(sorted(one.Service for one in found) == ["web", "worker"], found)
    web = compose.get_container("web")
    expect(web.State == "running" and web.Health == "healthy" and web.ExitCode == 0, web)
    expect(web.Name and web.ID, web)
    expect(web.get_container_info() is not None, web)


def addresses():
    host, number = compose.get_service_host_and_port("web", 8000)
    expect(host in ("127.0.0.1", "localhost") and number, (host, number))
    expect(compose.get_service_port("web") == number, number)


def execute():
    out, err, status = compose.exec_in_container(["sh", "-c", "echo out; echo err >&2"], "web")
    expect((out, err, status) == ("out\n", "err\n", 0), (out, err, status))


def logs():
    out, err = compose.get_logs("web")
    expect("hello from web" in out, (out, err))
    out, _ = compose.get_container("web").get_logs()
    expect(b"hello from web" in out, out)


def config():
    read = compose.get_config()
    expect(set(read["services"]) == {"web", "worker"}, read)
    raw = compose.get_config(path_resolution=False, normalize=False, interpolate=False)
    expect(set(raw["services"]) == {"web", "worker"}, raw)


def stop_and_start():
    compose.stop(down=False)
    expect(compose.get_containers() == [], compose.get_containers())
    expect(len(compose.get_containers(include_all=True)) == 2, compose.get_containers(include_all=True))
    compose.start()
    containers()


def one_service():
    strategy = LogMessageWaitStrategy("hello from web").with_startup_timeout(30)
    with DockerCompose(folder, wait=False, services=["web"], profiles=["none"]).waiting_for({"web": strategy}) as one:
        expect(one.get_container().Service == "web", one.get_containers())


step("start, waiting for health", compose.start)
step("get_containers", containers)
step("host and port of a service", addresses)
step("exec_in_container", execute)
step("get_logs", logs)
step("get_config", config)
step("stop without down, start", stop_and_start)
step("stop", compose.stop)
step("one service, waiting for a line of its log", one_service)
run.end()
