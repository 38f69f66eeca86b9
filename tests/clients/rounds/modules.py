"""A round with the modules of Ansible's community.docker. Arguments: folder of the project, its name."""

import json
import subprocess
import sys

from steps import Round, expect

folder, project = sys.argv[1:]
run = Round("community.docker")
step = run.step


def module(module_name, *flags, failing=False, **arguments):
    """Result of one module, run as `ansible` runs it for a task."""
    arguments = {"project_name": project, **arguments}
    if "definition" not in arguments:
        arguments["project_src"] = folder
    command = ["ansible", "localhost", "-i", "localhost,", "-c", "local", "-o", *flags]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    command += ["-m", f"community.docker.{module_name}", "-a", json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if " => {" not in done.stdout:
        raise AssertionError(done.stdout + done.stderr)
    outcome, text = done.stdout.split(" => ", 1)
    result = json.loads(text)
    warnings = " ".join(done.stderr.split()).split("[WARNING]: ")[1:]
    told = [one for one in warnings if not one.startswith("Deprecation warnings")]
    expect(not told, told)
    expect(("FAILED" in outcome) == failing, result)
    return result


def compose(*flags, **arguments):
    return module("docker_compose_v2", *flags, **arguments)


def statuses(result):
    return {(action["what"], action["id"], action["status"]) for action in result["actions"]}


def would_be_created():
    result = compose("--check")
    expect(result["changed"], result)
    expect(("container", f"{project}-web-1", "Creating") in statuses(result), result)
    expect(result["containers"] == [], result)


def present():
    result = compose()
    expect(result["changed"], result)
    expected = {
        ("network", f"{project}_default", "Creating"),
        ("volume", f"{project}_data", "Creating"),
        ("container", f"{project}-web-1", "Creating"),
        ("container", f"{project}-web-1", "Starting"),
        ("container", f"{project}-worker-1", "Creating"),
        ("container", f"{project}-worker-1", "Starting"),
    }
    expect(expected <= statuses(result), result["actions"])
    found = {one["Service"]: one for one in result["containers"]}
    expect(set(found) == {"web", "worker"}, found)
    web = found["web"]
    expect(web["State"] == "running" and web["Health"] == "healthy", web)
    expect(web["Labels"]["client"] == "round" and web["Networks"] == [f"{project}_default"], web)
    expect(web["Publishers"][0]["TargetPort"] == 8000, web)
    images = {one["ContainerName"]: f"{one['Repository']}:{one['Tag']}" for one in result["images"]}
    expect(images == {f"{project}-web-1": "busybox:latest", f"{project}-worker-1": "alpine:latest"}, images)


def present_again():
    result = compose()
    expect(not result["changed"] and not result["actions"], result)
    result = compose("--check")
    expect(not result["changed"] and not result["actions"], result)


def options():
    result = compose(wait=True, wait_timeout=60, pull="never", build="never", remove_orphans=True, assume_yes=True, timeout=5)
    expect(not result["changed"], result)
    result = compose(services=["worker"], dependencies=False, recreate="always", timeout=5)
    expect(statuses(result) >= {("container", f"{project}-worker-1", "Recreate")}, result["actions"])


def scaled():
    result = compose(scale={"worker": 2})
    expect(("container", f"{project}-worker-2", "Creating") in statuses(result), result["actions"])
    result = compose()
    expect(result["changed"] and len(result["containers"]) == 2, result)


def executed():
    result = module("docker_compose_v2_exec", service="web", argv=["sh", "-c", "cat; echo $A"], stdin="in", env={"A": "b"})
    expect(result["stdout"].split() == ["in", "b"] and result["rc"] == 0, result)
    result = module("docker_compose_v2_exec", service="web", command="sh -c 'exit 7'", failing=True)
    expect(result["rc"] == 7, result)


def run_once():
    result = module("docker_compose_v2_run", service="worker", argv=["echo", "once"], cleanup=True, no_deps=True, tty=False)
    expect(result["stdout"] == "once" and result["rc"] == 0, result)
    result = module("docker_compose_v2_run", service="worker", argv=["sleep", "60"], detach=True, cleanup=True, no_deps=True, name=f"{project}-once")
    expect(result["container_id"], result)
    subprocess.run(["docker", "rm", "-f", result["container_id"]], capture_output=True, check=True)


def restarted():
    result = compose(state="restarted", timeout=5)
    expect(("container", f"{project}-web-1", "Restarting") in statuses(result), result)


def stopped():
    result = compose("--check", state="stopped", timeout=5)
    expect(("container", f"{project}-web-1", "Stopping") in statuses(result), result)
    result = compose(state="stopped", timeout=5)
    expect(result["changed"], result)
    expect(("container", f"{project}-web-1", "Stopping") in statuses(result), result)
    expect({one["State"] for one in result["containers"]} == {"exited"}, result)
    result = compose(state="stopped", timeout=5)
    expect(not result["changed"], result)


def failing():
    broken = {"services": {"web": {"image": "busybox:latest", "command": "true", "network_mode": "container:nowhere"}}}
    result = compose(failing=True, project_name=f"{project}x", definition=broken)
    expect(result["msg"] and "nowhere" in result["msg"], result)
    wrong = {"services": {"web": {"image": "busybox:latest", "depends_on": ["nowhere"]}}}
    result = compose(failing=True, project_name=f"{project}x", definition=wrong)
    expect("nowhere" in result["msg"], result)
    compose(project_name=f"{project}x", definition={"services": {"web": {"image": "busybox:latest"}}}, state="absent")


def absent():
    result = compose("--check", state="absent", remove_volumes=True)
    expect(("container", f"{project}-web-1", "Removing") in statuses(result), result)
    result = compose(state="absent", remove_volumes=True, remove_orphans=True, timeout=5)
    # Docker Compose also says that it stops what has been stopped before.
    expected = {
        ("container", f"{project}-web-1", "Removing"),
        ("network", f"{project}_default", "Removing"),
        ("volume", f"{project}_data", "Removing"),
    }
    expect(expected <= statuses(result), result["actions"])
    expect(result["containers"] == [], result)
    result = compose(state="absent", remove_volumes=True)
    expect(not result["changed"], result)


for name, act in (
    ("present, in check mode", would_be_created),
    ("present", present),
    ("present again changes nothing", present_again),
    ("options of up", options),
    ("scale", scaled),
    ("exec", executed),
    ("run", run_once),
    ("restarted", restarted),
    ("stopped", stopped),
    ("failures", failing),
    ("absent", absent),
):
    step(name, act)
run.end()
