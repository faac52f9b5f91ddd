import type { EpigKernel } from '../src/heuristics/epig-kernel.ts';

/** The sums that a kernel of EPIG is asked for, one by one, in Float64. */
export const exactEpigKernel: EpigKernel = {
  prepare:
    ({ K, ratios_L_K, weights_L }) =>
    async (items_M_K) =>
      Array.from({ length: items_M_K.length / K }, (_, m) =>
        weights_L.reduce((sum, weight, l) => {
          let r = 0;
          for (let k = 0; k < K; k++) {
            r += (items_M_K[m * K + k] as number) * (ratios_L_K[l * K + k] as number);
          }
          return sum + weight * r * Math.log(r);
        }, 0),
      ),
};
