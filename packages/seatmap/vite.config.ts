import { defineConfig } from 'vite';

/** Builds the element and its parts as modules of their own, with everything in them. */
export default defineConfig({
  resolve: { conditions: ['frontrow-source', 'module', 'browser'] },
  build: {
    target: 'es2023',
    lib: {
      entry: {
        define: 'src/define.ts',
        element: 'src/element.ts',
        client: 'src/client.ts',
        clock: 'src/server-clock.ts',
        layout: 'src/layout.ts',
        documents: 'src/documents.ts',
        socket: 'src/socket.ts',
      },
      formats: ['es'],
    },
    rolldownOptions: { external: [] },
  },
});
