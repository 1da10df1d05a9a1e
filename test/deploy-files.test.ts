import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { serverFlags } from '#processes/node-flags.ts';
import { systemPrograms } from '#test/support/servers/system-programs.ts';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
/** `src/processes/drain-deadline.ts` */
const DRAIN_SECONDS = 15;
const reference = read('docs/reference/config.md');

type Probe = { httpGet: { path: string; port: string }; periodSeconds: number; failureThreshold: number };
type Container = {
  command: string[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  resources: { requests: object; limits: { memory?: string } };
  securityContext: { readOnlyRootFilesystem: boolean; allowPrivilegeEscalation: boolean };
};
type Pods = { terminationGracePeriodSeconds?: number; containers: Container[] };
type Kind = {
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: {
    replicas?: number;
    template?: { metadata?: { labels: object }; spec: Pods };
    selector?: object;
    ports?: object[];
  };
};

const documents = parseAllDocuments(read('deploy/kubernetes/frontrow.yaml')).map((document): Kind => {
  expect(document.errors).toEqual([]);
  return document.toJS();
});
const ofKind = (kind: string) => documents.filter((document) => document.kind === kind);
const podsOf = ({ spec }: Kind): Pods => spec?.template?.spec ?? { containers: [] };

test('each process has a Deployment that starts its file and gives it the time that it needs to end', () => {
  expect(ofKind('Deployment').map(({ metadata }) => metadata.name)).toEqual(['api', 'payments', 'relay', 'worker']);
  for (const deployment of ofKind('Deployment')) {
    const pods = podsOf(deployment);
    expect(pods.terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS);
    expect(pods.containers.map(({ command }) => command)).toEqual([
      ['node', `src/processes/${deployment.metadata.name}.ts`],
    ]);
    expect(existsSync(join(root, pods.containers[0]?.command[1] ?? ''))).toBe(true);
    expect(deployment.spec?.selector).toEqual({ matchLabels: deployment.spec?.template?.metadata?.labels });
  }
});

test('each probe calls a path that the product serves, at the port of the settings', () => {
  const settings = ofKind('ConfigMap')[0]?.data ?? {};
  const served = read('src/observability/metrics-server.ts');
  for (const deployment of ofKind('Deployment')) {
    for (const { ports, startupProbe, livenessProbe, readinessProbe } of podsOf(deployment).containers) {
      expect(ports?.find(({ name }) => name === 'metrics')?.containerPort).toBe(Number(settings.METRICS_PORT));
      const probes = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet);
      expect(probes).toEqual([
        { path: '/health', port: 'metrics' },
        { path: '/health', port: 'metrics' },
        { path: '/ready', port: 'metrics' },
      ]);
      for (const probe of probes) expect(served).toContain(`'${probe?.path}'`);
      // A process that leaves is noticed before it stops listening.
      const seenAfter = (readinessProbe?.periodSeconds ?? 0) * (readinessProbe?.failureThreshold ?? 0);
      expect(seenAfter).toBeLessThan(Number(settings.LEAVE_SECONDS));
    }
  }
});

test('every container has requests, a limit of memory and a read-only file system', () => {
  for (const kind of [...ofKind('Deployment'), ...ofKind('Job')]) {
    for (const { resources, securityContext } of podsOf(kind).containers) {
      expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'memory']);
      expect(resources.limits.memory).toMatch(/^\d+[MG]i$/);
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    }
  }
});

test('every setting of the example is in the reference, and services use the ports of the settings', () => {
  const settings = ofKind('ConfigMap')[0]?.data ?? {};
  for (const name of Object.keys(settings)) expect(reference, name).toContain(`\`${name}\``);
  const portOf = (name: string) =>
    podsOf(ofKind('Deployment').find(({ metadata }) => metadata.name === name) as Kind).containers[0]?.ports?.find(
      (port) => port.name === 'http',
    )?.containerPort;
  expect(reference).toMatch(new RegExp(`\`PORT\` +\\| ${portOf('api')} `));
  expect(reference).toMatch(new RegExp(`\`PAYMENTS_PORT\` +\\| ${portOf('payments')} `));
  expect(ofKind('Service').map(({ metadata }) => metadata.name)).toEqual(['api', 'payments']);
});

const units = globSync('deploy/systemd/*.service', { cwd: root }).sort();

test('the image starts Node with the flags of a server', () => {
  expect(read('Dockerfile')).toContain(`ENV NODE_OPTIONS=${serverFlags.join(' ')}\n`);
});

test('each process has a unit of systemd that starts its file and gives it the time that it needs to end', () => {
  expect(units.map((unit) => unit.split('/').at(-1))).toEqual([
    'frontrow-api@.service',
    'frontrow-migrate.service',
    'frontrow-payments.service',
    'frontrow-relay.service',
    'frontrow-worker.service',
  ]);
  for (const unit of units) {
    const text = read(unit);
    const [, file = ''] = /^ExecStart=.*?(src\/processes\/\S+)/m.exec(text) ?? [];
    expect(existsSync(join(root, file)), unit).toBe(true);
    if (text.includes('Type=oneshot')) continue;
    expect(text, unit).toContain(`node ${serverFlags.join(' ')} src/`);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]), unit).toBeGreaterThan(DRAIN_SECONDS);
    expect(text).toContain('Restart=always');
  }
});

const programs = await systemPrograms('systemd-analyze');

test.runIf(programs)(
  'systemd finds nothing wrong with the units',
  async () => {
    const files = units.map((unit) => join(root, unit));
    const { stdout, stderr } = await promisify(execFile)(programs?.['systemd-analyze'] ?? '', [
      'verify',
      ...files,
    ]).catch((error: { stdout: string; stderr: string }) => error);
    // The path of Node on this machine does not matter.
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line && !line.includes('/usr/bin/node'));
    expect(said).toEqual([]);
  },
  60_000,
);

const balancers = await systemPrograms('nginx', 'haproxy');

test.runIf(balancers)(
  'nginx and HAProxy accept their examples',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'frontrow-nginx-'));
    const file = join(folder, 'nginx.conf');
    const site = join(root, 'deploy/nginx/frontrow.conf');
    await writeFile(file, `pid ${folder}/pid;\nevents {}\nhttp { include ${site}; }\n`);
    const run = promisify(execFile);
    await run(balancers?.nginx ?? '', ['-t', '-q', '-e', 'stderr', '-c', file]);
    await run(balancers?.haproxy ?? '', ['-c', '-q', '-f', join(root, 'deploy/haproxy/haproxy.cfg')]);
    await rm(folder, { recursive: true, force: true });
  },
  60_000,
);
