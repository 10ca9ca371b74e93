/** One measured figure with its distribution. Percentiles are of single operations, not of batches. */
export interface BenchRow {
  readonly name: string;
  /** `us`, `ms`, `per second`, `x`. */
  readonly unit: string;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly samples: number;
  /** What docs promise, as text: `p99 <= 100 us`. */
  readonly budget?: string;
  /** What the figure contains or leaves out, where that is not plain. */
  readonly note?: string;
}

export interface BenchResult {
  readonly rows: readonly BenchRow[];
}

/** What every file in this folder exports as `bench`. `quick` takes fewer samples, to see that it runs at all. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  run(options: { readonly quick: boolean }): Promise<BenchResult>;
}

/** The distribution of samples by nearest rank. Throws `RangeError` when there are none. */
export function distribution(samples: readonly number[]): Pick<BenchRow, 'p50' | 'p90' | 'p99' | 'max' | 'samples'> {
  if (samples.length === 0) throw new RangeError('nothing was measured');
  const sorted = Float64Array.from(samples).sort();
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1), samples: sorted.length };
}
