import type { TestProject } from 'vitest/node';
import { openTestServerBroker } from './test-server-broker.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Answers `/postgres`, `/redis`, `/typesense` and `/kafka` with the data that a test needs to connect; starts
     * each server at the first request.
     */
    testServersUrl: string;
  }
}

/** One broker for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await openTestServerBroker();
  project.provide('testServersUrl', broker.url);
  return broker.close;
}
