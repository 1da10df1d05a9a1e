import { readFile, writeFile } from 'node:fs/promises';
import { newCredentials, openSession, signUp } from '#test/fans/accounts.ts';
import { type Fan, fanAt } from '#test/fans/fan.ts';
import { mutations } from '#test/support/http/mutation-documents.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { type LargePlan, largePlans } from './support/large-plans.ts';
import { openOurApi, type RunningApi } from './support/our-api.ts';
import type { BenchOptions, Report } from './support/report.ts';
import { openStores } from './support/stores.ts';

const SEATS = 200_000;
const GOAL_MS = 15_000;
const GOAL_BYTES = 500 * 2 ** 20;

type Run = {
  format: string;
  fileBytes: number;
  uploadMs: number;
  importMs: number;
  beforeBytes: number;
  peakBytes: number;
  slowestMs: number;
};

/** Measures the import of the largest seating plan in each format, through the api process. */
export async function benchSeatingPlans({ quick, profile }: BenchOptions): Promise<Report> {
  const stores = await openStores();
  const api = await openOurApi(stores, newPrivateKey(), profile, { FRONTROW_PROFILE: 'development' });
  try {
    const organizer = await openOrganizer(api);
    const runs: Run[] = [];
    for (const plan of largePlans(quick ? 2_000 : SEATS)) runs.push(await measure(api, organizer, plan));
    return reportOf(runs, stores.description);
  } finally {
    await api.close();
    await stores.close();
  }
}

type Organizer = { readonly fan: Fan; readonly organizationId: string; readonly venueId: string };

async function openOrganizer(api: RunningApi): Promise<Organizer> {
  const url = urlOf(api);
  const session = await openSession(url, await signUp(url, newCredentials()));
  const fan = fanAt(url, { token: session.accessToken, userId: session.userId });
  const made = await fan.ask(mutations.createOrganization, { input: { name: 'Bench', countryCode: 'CH' } });
  const organizationId = made.createOrganization.organization.id;
  const place = {
    city: 'Bern',
    countryCode: 'CH',
    location: { latitude: 47, longitude: 7 },
    timeZone: 'Europe/Zurich',
  };
  const venue = await fan.ask(mutations.createVenue, { input: { organizationId, name: 'Bench', ...place } });
  return { fan, organizationId, venueId: venue.createVenue.venue.id };
}

async function measure(api: RunningApi, organizer: Organizer, { format, text }: LargePlan): Promise<Run> {
  const { fan, organizationId, venueId } = organizer;
  const bytes = Buffer.from(text);
  const contentType = format === 'CSV' ? 'text/csv' : 'application/json';
  const announced = { organizationId, purpose: 'SEATING_PLAN', contentType, bytes: bytes.byteLength };
  const { upload } = (await fan.ask(mutations.createUpload, { input: announced })).createUpload;
  // Linux begins a new peak.
  await writeFile(`/proc/${api.pid}/clear_refs`, '5');
  const beforeBytes = await peakOf(api.pid);
  const probe = probeHealth(api);
  const startedAt = performance.now();
  const put = { method: 'PUT', headers: { 'content-type': contentType }, body: bytes };
  const sent = await fetch(new URL(upload.url, urlOf(api)), put);
  if (sent.status !== 200) throw new Error(`${format}: ${sent.status} ${await sent.text()}`);
  const uploadedAt = performance.now();
  const input = { venueId, uploadId: upload.id, format, name: format };
  const { importSeatingPlan } = await fan.ask(mutations.importSeatingPlan, { input });
  const importedAt = performance.now();
  if (!importSeatingPlan.seatingPlan) throw new Error(`${format}: ${JSON.stringify(importSeatingPlan).slice(0, 1000)}`);
  return {
    format,
    fileBytes: bytes.byteLength,
    uploadMs: uploadedAt - startedAt,
    importMs: importedAt - uploadedAt,
    slowestMs: await probe.stop(),
    beforeBytes,
    peakBytes: await peakOf(api.pid),
  };
}

const urlOf = ({ port }: RunningApi): string => `http://127.0.0.1:${port}`;

/** Requests `/health` one after the other, so that the slowest one shows how long the event loop was blocked. */
function probeHealth(api: RunningApi): { stop(): Promise<number> } {
  let isStopped = false;
  let slowestMs = 0;
  const running = (async () => {
    while (!isStopped) {
      const startedAt = performance.now();
      await (await fetch(`${urlOf(api)}/health`)).text();
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await running;
      return slowestMs;
    },
  };
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

function reportOf(runs: readonly Run[], servers: readonly string[]): Report {
  const worst = (of: (run: Run) => number) => Math.max(...runs.map(of));
  return {
    question: `How long does the import of a seating plan with ${figure(SEATS)} seats take, and what does it cost the api process?`,
    tables: [
      {
        title: 'By format',
        head: ['format', 'file', 'upload', 'import', 'memory before', 'peak memory', 'slowest other request'],
        rows: runs.map((run) => [
          run.format,
          megabytes(run.fileBytes),
          `${figure(run.uploadMs / 1000)} s`,
          `${figure(run.importMs / 1000)} s`,
          megabytes(run.beforeBytes),
          megabytes(run.peakBytes),
          `${figure(run.slowestMs)} ms`,
        ]),
      },
    ],
    goals: [
      { name: 'imports in 15 s', goal: 1, measured: GOAL_MS / worst(({ importMs }) => importMs) },
      {
        name: 'adds less than 500 MB',
        goal: 1,
        measured: GOAL_BYTES / worst(({ beforeBytes, peakBytes }) => peakBytes - beforeBytes),
      },
    ],
    notes: [
      'The peak is the resident memory of the whole api process, with its thread, as Linux reports it; the runs follow each other in one process.',
    ],
    packages: ['postgres'],
    servers,
  };
}
