import { healthy, version } from './identity.ts';
import { startServer } from './server.ts';
import { readSettings } from './settings.ts';

try {
  const settings = readSettings(process.env);
  const server = await startServer(settings, { version, healthy });
  process.stdout.write(
    `statics ${version} serves ${settings.directory} on ${settings.address ?? '*'}:${server.port}\n`,
  );
  const stop = async (): Promise<void> => {
    process.stdout.write('statics stops\n');
    await server.stop();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
} catch (error) {
  process.stderr.write(`statics: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
