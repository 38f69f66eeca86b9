// A round with docker-compose of npm. Arguments: folder of the project; its name comes from COMPOSE_PROJECT_NAME.
const compose = require('docker-compose');

const options = { cwd: process.argv[2], log: false };
const project = process.env.COMPOSE_PROJECT_NAME;
let failed = 0;

function expect(condition, found) {
  if (!condition) throw new Error(`found ${JSON.stringify(found)}`);
}

function explain(problem) {
  if (problem instanceof Error) return problem.stack.split('\n').slice(0, 3).join('\n');
  return JSON.stringify(problem);
}

async function step(name, act) {
  try {
    await act();
    console.log(`ok      docker-compose of npm: ${name}`);
  } catch (problem) {
    failed += 1;
    console.log(`FAILED  docker-compose of npm: ${name}`);
    console.log(`        ${explain(problem).replaceAll('\n', '\n        ')}`);
  }
}

async function services(extra = {}) {
  const { data } = await compose.ps({ ...options, ...extra });
  return data.services;
}

async function main() {
  await step('version', async () => {
    const { data } = await compose.version(options);
    expect(/^\d+\.\d+\.\d+/.test(data.version), data);
  });
  await step('config', async () => {
    const { data } = await compose.config(options);
    expect(data.config.services.web.image === 'busybox:latest', data);
    const names = await compose.configServices(options);
    expect(names.data.services.sort().join() === 'web,worker', names.data);
    const volumes = await compose.configVolumes(options);
    expect(volumes.data.volumes.join() === 'data', volumes.data);
  });
  await step('upAll', () => compose.upAll(options));
  await step('ps', async () => {
    const table = await services();
    expect(table.length === 2, table);
    const web = table.find((one) => one.name === `${project}-web-1`);
    expect(/^Up /.test(web.state) && web.command.startsWith('"'), web);
    expect(web.ports.some((one) => one.exposed.port === 8000 && one.mapped && one.mapped.address === '127.0.0.1'), web);
    const json = await services({ commandOptions: [['--format', 'json']] });
    expect(json.length === 2 && json.every((one) => one.state === 'running'), json);
    const ids = await services({ commandOptions: ['--quiet'] });
    expect(ids.length === 2 && ids.every((one) => /^[0-9a-f]{64}$/.test(one.name)), ids);
  });
  await step('images', async () => {
    const { data } = await compose.images(options);
    const found = data.services.map((one) => `${one.container} ${one.repository}:${one.tag}`).sort();
    expect(found.join() === `${project}-web-1 busybox:latest,${project}-worker-1 alpine:latest`, data);
    expect(data.services.every((one) => one.id), data);
  });
  await step('port', async () => {
    const { data } = await compose.port('web', 8000, options);
    expect(data.address === '127.0.0.1' && data.port > 0, data);
  });
  await step('exec', async () => {
    const result = await compose.exec('web', ['sh', '-c', 'echo out; echo err >&2'], options);
    expect(result.exitCode === 0 && result.out === 'out\n' && result.err === 'err\n', result);
    const words = await compose.exec('web', 'echo one two', options);
    expect(words.out === 'one two\n', words);
  });
  await step('exec passes the exit status on', async () => {
    const result = await compose.exec('web', ['sh', '-c', 'exit 7'], options).catch((problem) => problem);
    expect(result.exitCode === 7, result);
  });
  await step('logs', async () => {
    const result = await compose.logs('web', options);
    expect(result.out.includes('web-1  | hello from web'), result);
    const timed = await compose.logs(['web'], { ...options, timestamps: true });
    expect(/\| \d{4}-\d\d-\d\dT\S+Z hello from web/.test(timed.out), timed);
  });
  await step('stats', async () => {
    const { data } = await compose.stats('web', options).then((result) => ({ data: result }));
    expect(data.Name === `${project}-web-1` && data.CPUPerc && data.MemUsage, data);
  });
  await step('run', async () => {
    const result = await compose.run('worker', 'echo once', { ...options, commandOptions: ['--rm', '--no-deps'] });
    expect(result.out === 'once\n', result);
  });
  await step('pauseOne, unpauseOne', async () => {
    await compose.pauseOne('worker', options);
    await compose.unpauseOne('worker', options);
  });
  await step('stopOne, upOne', async () => {
    await compose.stopOne('worker', options);
    expect((await services()).length === 1, await services());
    await compose.upOne('worker', options);
    expect((await services()).length === 2, await services());
  });
  await step('restartOne, restartAll', async () => {
    await compose.restartOne('worker', options);
    await compose.restartAll({ ...options, commandOptions: ['--timeout', '5'] });
  });
  await step('kill, rm, createAll', async () => {
    await compose.kill(options);
    await compose.rm(options);
    expect((await services({ commandOptions: ['--all'] })).length === 0, 'containers are left');
    await compose.createAll(options);
  });
  await step('upMany with a file as a string', async () => {
    const fs = require('fs');
    const text = fs.readFileSync(`${options.cwd}/compose.yaml`, 'utf8');
    await compose.upMany(['web'], { ...options, configAsString: text });
  });
  await step('upOne of an unknown service fails', async () => {
    const result = await compose.upOne('nowhere', options).catch((problem) => problem);
    expect(result.exitCode === 1 && result.err.includes('nowhere'), result);
  });
  await step('downOne', async () => {
    await compose.downOne('worker', options);
    expect((await services({ commandOptions: ['--all'] })).length === 1, 'not one container');
  });
  await step('downAll', async () => {
    await compose.downAll({ ...options, commandOptions: ['--volumes', '--remove-orphans'] });
    expect((await services({ commandOptions: ['--all'] })).length === 0, 'containers are left');
  });
}

main().then(() => process.exit(failed ? 1 : 0));
