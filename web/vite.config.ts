import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `tools/build-portal.ts` runs this; `vite --config web/vite.config.ts` serves it with reload beside a running demo. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    // Names carry a hash of what is in them, so that browsers keep them for ever; `/assets/` belongs to the pages of the sign-in.
    assetsDir: 'portal',
    // Two builders may run at once and write the same files; what is left over is removed by the tool.
    emptyOutDir: false,
    // The content security policy knows no `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // Knows `light-dark()`.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    manifest: 'manifest.json',
    reportCompressedSize: false,
    // What counts is the first visit, which `tools/build-portal.ts` weighs.
    chunkSizeWarningLimit: 1_000,
  },
  server: {
    port: 7450,
    proxy: Object.fromEntries(
      ['/v1', '/oauth', '/sign-in', '/assets', '/.well-known', '/docs'].map((path) => [path, 'http://localhost:7420']),
    ),
  },
});
