import { writeFile } from 'node:fs/promises';

/** A kubeconfig of nobody that leads to `server`. */
export async function writeKubeconfigTo(server: string, path: string): Promise<string> {
  const clusters = [{ name: 'one', cluster: { server } }];
  const contexts = [{ name: 'one', context: { cluster: 'one', user: 'nobody' } }];
  const users = [{ name: 'nobody', user: { token: 'none' } }];
  await writeFile(path, JSON.stringify({ 'current-context': 'one', clusters, contexts, users }));
  return path;
}
