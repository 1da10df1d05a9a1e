import postgres from 'postgres';
import { afterAll, describe } from 'vitest';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { testKafka } from '#test/support/kafka/kafka.ts';
import { eventLogConformance } from './event-log.conformance.ts';
import { openEventLog } from './open-log.ts';

const kafka = await testKafka();

describe.runIf(kafka)('on a broker', async () => {
  const database = await createBookingDatabase();
  const sql = postgres(database.url, { max: 2 });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });
  const at = { brokers: kafka?.brokers ?? [], prefix: kafka?.prefix ?? '', parkingUrl: database.url };
  eventLogConformance(async () => openEventLog({ kind: 'kafka', replicationFactor: undefined, ...at }, 'test'), sql);
});
