import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npx vite packages/dashboard` shows each change at once, of a server that runs at its usual address. */
const server = 'http://127.0.0.1:8090';

export default defineConfig({
  plugins: [react()],
  server: { proxy: { '/api': { target: server, ws: true } } },
  build: {
    target: 'es2023',
    // The policy of the server allows files of its own alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
