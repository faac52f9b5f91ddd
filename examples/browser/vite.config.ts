import { defaultClientConditions, defineConfig } from 'vite';
import { digitsFile } from './digits.ts';

// A worker obeys the policy of its own file, not that of the page's meta element: so the server says it too.
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'",
  // These two give the page shared memory, and with it threads.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  // The WebAssembly files stay files of their own; src/worker.ts names them.
  resolve: { conditions: [...defaultClientConditions, 'onnxruntime-web-use-extern-wasm'] },
  worker: { format: 'es' },
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  preview: { headers },
  plugins: [
    {
      name: 'digits',
      async generateBundle() {
        this.emitFile({ type: 'asset', fileName: 'digits.bin', source: await digitsFile() });
      },
    },
  ],
});
