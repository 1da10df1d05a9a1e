import { checkKafka, eventLog, eventLogConfig } from './event-log.ts';
import { checkMail, mail, mailConfig } from './mail.ts';
import { type Environment, parse } from './parse.ts';
import { productionProblems } from './production.ts';
import { retention, retentionConfig } from './retention.ts';
import { storeConfig, stores } from './stores.ts';

const worker = stores
  .extend({ ...eventLog, ...mail, ...retention })
  .superRefine(checkKafka)
  .superRefine(checkMail);

export type WorkerConfig = ReturnType<typeof parseWorkerConfig>;
export function parseWorkerConfig(env: Environment) {
  const data = parse(worker, env, productionProblems(env, 'another'));
  return {
    ...storeConfig(data),
    ...retentionConfig(data),
    eventLog: eventLogConfig(data, data.DATABASE_URL),
    mail: mailConfig(data),
  };
}
