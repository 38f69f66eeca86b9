"""A round with the Dev Containers CLI. Arguments: a folder to work in, the project's name."""

import json
import pathlib
import subprocess
import sys

from steps import Round, expect

folder, project = sys.argv[1:]
run = Round("devcontainer")
step = run.step


def workspace(name, settings, **files):
    """A folder with a devcontainer.json and what it refers to."""
    place = pathlib.Path(folder, name, ".devcontainer")
    place.mkdir(parents=True, exist_ok=True)
    (place / "devcontainer.json").write_text(json.dumps(settings))
    for file, text in files.items():
        (place / f"{file}.yaml").write_text(text)
    return str(place.parent)


def devcontainer(command, place, *arguments):
    """What a command of the CLI prints."""
    call = ["devcontainer", command, "--workspace-folder", place, *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=180)
    if done.returncode:
        raise AssertionError(f"status {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
    return done.stdout


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def up(place, *arguments):
    result = json.loads(devcontainer("up", place, *arguments).splitlines()[-1])
    expect(result["outcome"] == "success" and result["containerId"], result)
    return result


IMAGE = {"image": "busybox:latest", "overrideCommand": True, "updateRemoteUserUID": False}
SERVICE = {
    "name": "round",
    "dockerComposeFile": "compose.yaml",
    "service": "app",
    "workspaceFolder": "/workspace",
    "shutdownAction": "stopCompose",
    "updateRemoteUserUID": False,
    "containerEnv": {"FROM_SETTINGS": "yes"},
}
COMPOSE = f"""name: {project}
services:
  app:
    image: busybox:latest
    command: sleep 600
    volumes: ["..:/workspace"]
  db:
    image: alpine:latest
    command: sleep 600
    init: true
"""
made = []


def image():
    place = workspace("image", IMAGE)
    result = up(place)
    made.append(result["containerId"])
    text = devcontainer("exec", place, "echo", "word")
    expect(text.strip() == "word", text)


def service():
    place = workspace("service", SERVICE, compose=COMPOSE)
    result = up(place)
    expect(result["composeProjectName"] == project, result)
    text = devcontainer("exec", place, "sh", "-c", "echo $FROM_SETTINGS; pwd")
    expect(text.split() == ["yes", "/workspace"], text)
    running = docker("ps", "-q", "--filter", f"label=com.docker.compose.project={project}").split()
    expect(len(running) == 2, running)


def again():
    place = workspace("service", SERVICE, compose=COMPOSE)
    first = up(place)["containerId"]
    expect(up(place)["containerId"] == first, first)
    replaced = up(place, "--remove-existing-container")["containerId"]
    expect(replaced != first, first)


def configuration():
    place = workspace("service", SERVICE, compose=COMPOSE)
    read = json.loads(devcontainer("read-configuration", place, "--include-merged-configuration").splitlines()[-1])
    expect(read["mergedConfiguration"]["service"] == "app", read)


step("up on an image, exec", image)
step("up on a service, exec", service)
step("read-configuration", configuration)
step("up again, up anew", again)
for one in made:
    docker("rm", "-f", one)
run.end()
