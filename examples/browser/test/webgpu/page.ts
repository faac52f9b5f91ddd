import type { Answer, Question } from './messages.ts';

declare global {
  interface Window {
    /** For the test. */
    ask(question: Question): Promise<Answer>;
  }
}

window.ask = (question) => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      worker.terminate();
      resolve(data);
    });
    worker.postMessage(question);
  });
};
