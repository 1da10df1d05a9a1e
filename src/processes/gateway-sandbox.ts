import { once } from 'node:events';
import { pino } from 'pino';
import { startSandboxGateway } from './gateway-sandbox/server.ts';
import { parseSandboxSettings, SettingsError } from './gateway-sandbox/settings.ts';

try {
  const settings = parseSandboxSettings(process.env);
  const log = pino({ name: 'gateway-sandbox' });
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const gateway = await startSandboxGateway({ ...settings, log });
  log.info({ url: gateway.url }, 'listening');
  process.send?.({ ready: true, url: gateway.url });
  await stopped;
  await gateway.close();
  process.disconnect?.();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
