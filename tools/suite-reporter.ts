import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, TestRunEndReason } from 'vitest/node';

/** What a suite did, as `run-tests.ts` reads it from the file that `CURFEW_SUITE_REPORT` names. */
export interface SuiteReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  /** Files and groups that broke outside every test (an import, a `beforeAll`), and errors that nobody caught. */
  readonly broken: readonly string[];
  /** False when the run was interrupted: what is counted is then not all there is. */
  readonly complete: boolean;
}

export interface SkippedTest {
  readonly name: string;
  /** From `context.skip(reason)`, or from a name that says `(skipped where …)`; null when nothing says why. */
  readonly reason: string | null;
}

/** Writes a {@link SuiteReport}. Vitest's own JSON report leaves out why a test was skipped, and errors outside tests. */
export default class SuiteReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.flatMap((module) =>
      [module, ...module.children.allSuites()].flatMap((part) =>
        part.errors().map((error) => `${module.relativeModuleId}: ${error.message}`),
      ),
    );
    const report: SuiteReport = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed: tests.filter((test) => test.result().state === 'failed').length,
      skipped: tests.flatMap((test) => {
        const result = test.result();
        if (result.state !== 'skipped') return [];
        return [{ name: test.fullName, reason: result.note ?? reasonInName(test.fullName) }];
      }),
      broken: [...broken, ...errors.map((error) => error.message)],
      complete: reason !== 'interrupted' && tests.every((test) => test.result().state !== 'pending'),
    };
    const file = process.env['CURFEW_SUITE_REPORT'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(report));
  }
}

/** `the walk-through (skipped where aws is not on the PATH) > logs in` says why by itself. */
export function reasonInName(name: string): string | null {
  return /\(skipped ([^)]+)\)/.exec(name)?.[1] ?? null;
}
