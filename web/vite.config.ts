import { defineConfig } from 'vite';

export default defineConfig({
  resolve: { conditions: ['frontrow-source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // Directives of React's server components mean nothing in a page, and each package would be a warning.
      onLog: (level, log, report) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && report(level, log),
    },
  },
  server: {
    port: 5173,
    proxy: {
      '/graphql': { target: 'http://localhost:4000', ws: true },
      '/layouts': 'http://localhost:4000',
      '/images': 'http://localhost:4000',
      '/uploads': 'http://localhost:4000',
      '/exports': 'http://localhost:4000',
    },
  },
});
