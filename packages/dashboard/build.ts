/** Makes the pages that the server serves: files whose names change with their content, and the page that names them. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

export async function buildPages(directory: string): Promise<void> {
  const { NODE_ENV: before } = process.env;
  // Whoever calls this, a test too: it decides which React is built in.
  process.env['NODE_ENV'] = 'production';
  try {
    await build({
      root,
      configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)),
      logLevel: 'warn',
      build: { outDir: directory, emptyOutDir: true },
    });
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}
