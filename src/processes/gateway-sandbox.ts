import { pino } from 'pino';
import { warnOfRehearsal } from './configured.ts';
import { startSandboxGateway } from './gateway-sandbox/server.ts';
import { parseSandboxSettings, SettingsError } from './gateway-sandbox/settings.ts';
import { watchForEnd } from './process-end.ts';

try {
  const settings = parseSandboxSettings(process.env);
  const log = pino({ name: 'gateway-sandbox' });
  const end = watchForEnd(log);
  warnOfRehearsal(log, process.env);
  const gateway = await startSandboxGateway({ ...settings, log });
  log.info({ url: gateway.url }, 'listening');
  process.send?.({ ready: true, url: gateway.url });
  await end.asked();
  await gateway.close();
  process.disconnect?.();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
