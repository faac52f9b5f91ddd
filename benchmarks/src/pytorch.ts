import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Images, imageShape, type Network } from './workload.ts';

const script = fileURLToPath(new URL('../python/reference.py', import.meta.url));
const remedy = 'apt-get install python3-torch libopenblas0-pthread';

/** Seconds of the parts of a round. */
interface RoundTimes {
  /** Training. */
  readonly train: number;
  /** Predictions of the images that were asked for. */
  readonly predict: number;
  /** BALD over the whole pool, and the ranking. */
  readonly score: number;
}

/** PyTorch in a process of its own that lives as long as the benchmark. All times are taken inside it. */
interface Pytorch {
  /** Versions and linear algebra, for notes. */
  readonly description: string;
  /** Seconds of one training step (forward, cross-entropy, backward, SGD with momentum). */
  step(network: Network, batch: number, steps: number): Promise<number>;
  /** Seconds of `passes` Monte Carlo dropout passes over `items` items, the input replicated as Baal does. */
  predict(network: Network, items: number, batch: number, passes: number): Promise<number>;
  /** Seconds of training the last layer of a frozen ResNet-18, the rest computed anew in each step. */
  head(items: number, batch: number, epochs: number): Promise<number>;
  /** Seconds of the parts of an active-learning round. */
  round(settings: {
    readonly labelled: number;
    readonly batch: number;
    readonly epochs: number;
    readonly items: number;
    readonly predictBatch: number;
    readonly passes: number;
    readonly pool: number;
  }): Promise<RoundTimes>;
  /** Seconds of Baal's BatchBALD loop, `draws` configurations a pass. */
  batchBald(settings: {
    readonly items: number;
    readonly passes: number;
    readonly classes: number;
    readonly picks: number;
    readonly draws: number;
  }): Promise<number>;
  /** Seconds of EPIG in single precision; blocks have the size that was fastest at the first call. */
  epig(settings: {
    /** All joints at once as Baal does, in blocks as a divergence, or in blocks as entropies. */
    readonly form: 'at once' | 'divergence' | 'entropies';
    readonly items: number;
    readonly targets: number;
    readonly passes: number;
    readonly classes: number;
  }): Promise<number>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** PyTorch, or why rows with it are skipped. */
export type Reference =
  | { readonly pytorch: Pytorch; readonly skipped?: never }
  | { readonly pytorch?: never; readonly skipped: string };

type Message = Readonly<Record<string, unknown>>;

/**
 * Starts PyTorch with the first Python that has it and a fast BLAS. A PyTorch on the reference BLAS
 * is refused: it is some ten times slower in dense layers, and to beat it proves nothing.
 *
 * @param pythons commands to try, in order
 */
export async function startPytorch(
  pythons: readonly string[],
  threads: number,
  images: Images,
): Promise<Reference> {
  let skipped = `skipped: python3-torch is not installed (${remedy})`;
  for (const python of pythons) {
    const connection = connect(python, threads);
    const hello = await connection
      .next()
      .catch((error: Error): Message => ({ refused: 'crash', reason: error.message }));
    if (hello.refused === undefined) {
      await connection.ask({
        task: 'data',
        images: Buffer.from(
          images.pixels.buffer,
          images.pixels.byteOffset,
          images.pixels.byteLength,
        ).toString('base64'),
        labels: images.labels,
        shape: imageShape,
      });
      return { pytorch: pytorchOf(connection, hello) };
    }
    if (hello.refused === 'blas') {
      skipped = `skipped: PyTorch of ${python} has no fast BLAS, an unfair opponent (${remedy})`;
    } else if (hello.refused === 'crash') {
      skipped = `skipped: ${hello.reason} (${remedy})`;
    }
    await connection.close();
  }
  return { skipped };
}

function pytorchOf(connection: Connection, hello: Message): Pytorch {
  const seconds = async (request: Message): Promise<number> =>
    (await connection.ask(request)).seconds as number;
  return {
    description: `PyTorch ${hello.torch}, ${hello.blas}, ${hello.threads} threads`,
    step: (network, batch, steps) => seconds({ task: 'step', network, batch, steps }),
    predict: (network, items, batch, passes) =>
      seconds({ task: 'predict', network, items, batch, passes }),
    head: (items, batch, epochs) => seconds({ task: 'head', items, batch, epochs }),
    round: async (settings) =>
      (await connection.ask({ task: 'round', ...settings })) as unknown as RoundTimes,
    batchBald: (settings) => seconds({ task: 'batchbald', ...settings, seed: 1 }),
    epig: (settings) => seconds({ task: 'epig', ...settings, seed: 1 }),
    close: () => connection.close(),
  };
}

interface Connection {
  /** The next message. */
  next(): Promise<Message>;
  /** Sends a request and waits for its answer. */
  ask(request: Message): Promise<Message>;
  close(): Promise<void>;
}

/** JSON lines over the pipes of a process, which ends when its input does. */
function connect(python: string, threads: number): Connection {
  const child: ChildProcess = spawn(python, [script], {
    env: {
      ...process.env,
      BENCH_THREADS: `${threads}`,
      OMP_NUM_THREADS: `${threads}`,
      OPENBLAS_NUM_THREADS: `${threads}`,
      MKL_NUM_THREADS: `${threads}`,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('pytorch: no pipes');
  let complaints = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  stdin.on('error', () => {}); // The process is gone: the missing answer says so.
  let missing = false;
  const ended = once(child, 'close').catch((error: NodeJS.ErrnoException) => {
    missing = error.code === 'ENOENT';
    complaints = error.message;
  });
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Message> => {
    const line = await lines.next();
    if (line.done === true) {
      await ended;
      if (missing) return { refused: 'torch' };
      const reason = complaints.trim().split('\n').at(-1);
      throw new Error(`${python} ended without an answer: ${reason}`);
    }
    return JSON.parse(line.value) as Message;
  };
  return {
    next,
    ask: (request) => {
      stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    close: async () => {
      stdin.end();
      await ended;
    },
  };
}
