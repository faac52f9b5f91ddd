import { ConfigError } from '@baal/core';
import { loadOnnxRuntime, type OnnxRuntime } from '@baal/onnx';

/** What `provider` names: the processor, or what of the machine else computes. */
export const providers = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'] as const;

/** One of {@link providers}. */
export type Provider = (typeof providers)[number];

/** What is asked of {@link loadRuntime}. */
export interface RuntimeChoice {
  /** The processor if not given. */
  readonly provider?: Provider;
  /** Takes the processor where the provider is missing, instead of throwing. */
  readonly fallback?: boolean;
}

/**
 * The runtime on a provider.
 *
 * @param where how messages call the setting, and `remedy` how they call the one to go on without it
 * @returns the runtime, and a note if it is not the one that was asked for
 * @throws ConfigError if the provider is missing and nothing says to go on without it
 */
export async function loadRuntime(
  where: string,
  { provider, fallback = false }: RuntimeChoice,
  remedy: string,
): Promise<{ readonly runtime: OnnxRuntime; readonly note?: string }> {
  const ordinary = await loadOnnxRuntime();
  if (provider === undefined) {
    if (!fallback) return { runtime: ordinary };
    throw new ConfigError(`${remedy}: nothing to go on without, expected ${where} too`);
  }
  try {
    return { runtime: await loadOnnxRuntime({ executionProviders: [provider] }) };
  } catch (error) {
    const { cause } = error as Error;
    if (!(error instanceof ConfigError && cause instanceof Error)) throw error;
    const [reason] = cause.message.split('\n');
    if (!fallback) {
      throw new ConfigError(
        `${where}: ${provider} cannot be used, expected what this machine and its ONNX Runtime have, got: ${reason}; ` +
          `choose another one of ${providers.join(', ')}, or add ${remedy} to go on with cpu`,
        { cause },
      );
    }
    return {
      runtime: await loadOnnxRuntime({ executionProviders: ['cpu'] }),
      note: `${provider} cannot be used here (${reason}): cpu was used`,
    };
  }
}
