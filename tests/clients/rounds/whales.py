"""A round with python-on-whales. Arguments: folder of the project, its name."""

import sys

from python_on_whales import DockerClient
from steps import Round, expect

folder, project = sys.argv[1:]
docker = DockerClient(
    compose_files=[f"{folder}/compose.yaml"],
    compose_project_name=project,
    compose_project_directory=folder,
)
compose = docker.compose
run = Round("python-on-whales")
step = run.step


def states(**options):
    """Service -> state of its container, of `ps`."""
    return {
        container.config.labels["com.docker.compose.service"]: container.state.status
        for container in compose.ps(**options)
    }


def is_installed():
    expect(compose.is_installed(), "not installed")


def version():
    text = compose.version()
    expect("version" in text, text)


def config():
    read = compose.config()
    expect(set(read.services) == {"web", "worker"}, read)
    expect(read.services["web"].image == "busybox:latest", read.services["web"])
    expect("data" in read.volumes, read.volumes)
    plain = compose.config(return_json=True)
    expect(plain["name"] == project, plain)


def up():
    compose.up(detach=True)
    expect(states() == {"web": "running", "worker": "running"}, states())


def up_again():
    before = {container.id for container in compose.ps()}
    compose.up(detach=True, quiet=True)
    expect({container.id for container in compose.ps()} == before, "recreated")


def up_waiting():
    compose.up(wait=True, wait_timeout=60, pull="never", log_prefix=False, color=False)


def up_streaming():
    lines = list(compose.up(["web"], detach=True, recreate=False, stream_logs=True))
    expect(all(name in ("stdout", "stderr") for name, _ in lines), lines)


def scale():
    compose.up(["worker"], detach=True, scales={"worker": 2}, quiet=True)
    expect(len(compose.ps(["worker"])) == 2, compose.ps(["worker"]))
    compose.up(["worker"], detach=True, scales={"worker": 1}, quiet=True)
    expect(len(compose.ps(["worker"])) == 1, compose.ps(["worker"]))


def listed():
    found = [entry for entry in compose.ls() if entry.name == project]
    expect(len(found) == 1 and found[0].running == 2, compose.ls())
    expect(str(found[0].config_files[0]) == f"{folder}/compose.yaml", found)
    filtered = compose.ls(all=True, filters={"name": project})
    expect(len(filtered) == 1, filtered)


def images():
    # python-on-whales has no call for it: as its own calls are made.
    from python_on_whales.utils import run as call

    text = call(compose.docker_compose_cmd + ["images", "--quiet"])
    expect(len(text.split()) == 2, text)


def execute():
    expect(compose.execute("web", ["echo", "word"], tty=False) == "word", "another output")
    text = compose.execute("web", ["sh", "-c", "echo $A; id -u; pwd"], tty=False, envs={"A": "b"}, user="1", workdir="/tmp")
    expect(text.split() == ["b", "1", "/tmp"], text)
    compose.execute("web", ["touch", "/data/mark"], detach=True, tty=False)


def execute_failing():
    try:
        compose.execute("web", ["sh", "-c", "exit 7"], tty=False)
    except Exception as problem:  # noqa: BLE001: any class of it
        expect(problem.return_code == 7, problem)
    else:
        raise AssertionError("no failure")


def logs():
    text = compose.logs(["web"])
    expect("web-1  | hello from web" in text, text)
    bare = compose.logs(["web"], no_log_prefix=True, tail="1", timestamps=True)
    expect(bare.strip().endswith("hello from web") and "|" not in bare, bare)
    lines = [line for _, line in compose.logs(["web"], stream=True, since="10m")]
    expect(any(b"hello" in line for line in lines), lines)


def port():
    host, number = compose.port("web", 8000)
    expect(host == "127.0.0.1" and int(number) > 0, (host, number))


def pause():
    compose.pause("worker")
    expect(states()["worker"] == "paused", states())
    compose.unpause("worker")
    expect(states()["worker"] == "running", states())


def stop():
    compose.stop("worker", timeout=5)
    expect(states() == {"web": "running"}, states())
    expect(states(all=True)["worker"] == "exited", states(all=True))


def start():
    compose.start("worker")
    expect(states()["worker"] == "running", states())


def restart():
    begun = compose.ps(["worker"])[0].state.started_at
    compose.restart("worker", timeout=5)
    expect(compose.ps(["worker"])[0].state.started_at > begun, begun)


def kill():
    compose.kill("worker", signal="SIGKILL")
    expect("worker" not in states(), states())
    compose.rm("worker", stop=True)
    expect("worker" not in states(all=True), states(all=True))
    compose.create(["worker"], no_build=True)
    expect(states(all=True)["worker"] == "created", states(all=True))


def run_once():
    text = compose.run("worker", ["echo", "once"], tty=False, remove=True, dependencies=False)
    expect(text.strip() == "once", text)
    lines = list(compose.run("worker", ["echo", "streamed"], tty=False, remove=True, stream=True, user="1", labels={"a": "b"}))
    expect(("stdout", b"streamed\n") in lines, lines)


def run_detached():
    container = compose.run("web", ["sleep", "60"], detach=True, tty=False, name=f"{project}-once")
    expect(container.name == f"{project}-once", container)
    container.remove(force=True)


def down():
    compose.down(volumes=True, timeout=5, remove_orphans=True)
    expect(states(all=True) == {}, states(all=True))
    expect(not docker.volume.list(filters={"label": f"com.docker.compose.project={project}"}), "volumes are left")


def down_again():
    compose.down(quiet=True)


for name, act in (
    ("is_installed", is_installed),
    ("version", version),
    ("config", config),
    ("up, detached", up),
    ("up again changes nothing", up_again),
    ("up with wait", up_waiting),
    ("up with a stream of lines", up_streaming),
    ("up with scales", scale),
    ("ls", listed),
    ("images", images),
    ("execute", execute),
    ("execute passes the exit status on", execute_failing),
    ("logs", logs),
    ("port", port),
    ("pause, unpause", pause),
    ("stop", stop),
    ("start", start),
    ("restart", restart),
    ("kill, rm, create", kill),
    ("run", run_once),
    ("run, detached", run_detached),
    ("down", down),
    ("down again", down_again),
):
    step(name, act)
run.end()
