/** The node helper: pods, their network and the service proxy of one cluster. Started by `launchNodeHelper` only. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runHelper } = await import('./run-helper.ts');
await runHelper();
