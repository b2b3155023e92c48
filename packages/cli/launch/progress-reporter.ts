import { relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** A test that did not run, and why, if it said why. */
export interface SkippedTest {
  readonly name: string;
  readonly reason: string | undefined;
}

/** How many tests ended which way. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * The end of a run: the closing line, which other programs read, and the exit code. The type check counts as one test; a
 * run in which no other test ran has failed, whatever the type check says.
 */
export function concludeRun(counts: TestCounts, typesPassed: boolean): { text: string; exitCode: 0 | 1 } {
  const passed = counts.passed + (typesPassed ? 1 : 0);
  const failed = counts.failed + (typesPassed ? 0 : 1);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  const noneRan = counts.passed + counts.failed === 0;
  return {
    text: `${noneRan ? 'No test ran: see whether the filter names one.\n' : ''}${passed} passed, ${failed} failed${skipped}`,
    exitCode: failed > 0 || noneRan ? 1 : 0,
  };
}

/**
 * One line for each test file as it ends, the errors of failed tests in full, and nothing else: `npm test` is read on
 * terminals and in logs. A file that cannot be loaded and an error outside any test count as one failed test each.
 */
export class ProgressReporter implements Reporter {
  readonly counts = { passed: 0, failed: 0, skipped: 0 };
  readonly skippedTests: SkippedTest[] = [];

  onTestModuleEnd(module: TestModule): void {
    const before = { ...this.counts };
    for (const test of module.children.allTests()) this.#count(test);
    for (const suite of module.children.allSuites()) {
      // A hook that fails leaves its tests without a result, so it must count itself.
      this.#countErrors(suite.fullName, suite.errors());
    }
    this.#countErrors(module.relativeModuleId, module.errors());
    const passed = this.counts.passed - before.passed;
    const failed = this.counts.failed - before.failed;
    const skipped = this.counts.skipped - before.skipped;
    const seconds = (module.diagnostic().duration / 1000).toFixed(1);
    const outcome = [
      `${passed} passed`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ].join(', ');
    console.log(`${failed > 0 ? 'FAIL' : 'ok  '} ${module.relativeModuleId}: ${outcome} (${seconds} s)`);
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
    this.#countErrors('outside any test', errors);
    if (reason === 'interrupted') {
      this.counts.failed += 1;
      console.log('FAIL the run was interrupted');
    }
  }

  #count(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') this.counts.passed += 1;
    if (result.state === 'skipped') {
      this.counts.skipped += 1;
      this.skippedTests.push({ name: `${test.module.relativeModuleId} > ${test.fullName}`, reason: result.note });
    }
    if (result.state === 'failed') this.#countErrors(`${test.module.relativeModuleId} > ${test.fullName}`, result.errors, 1);
  }

  /** Counts `asFailures` failures (by default one for each error) and prints every error under the name. */
  #countErrors(name: string, errors: readonly SerializedError[], asFailures = errors.length): void {
    this.counts.failed += asFailures;
    for (const error of errors) console.log(`\nFAIL ${name}\n${describeError(error)}\n`);
  }
}

function describeError(error: SerializedError): string {
  const place = (error.stacks ?? []).slice(0, 6).map((frame) =>
    `    at ${relative(process.cwd(), frame.file)}:${frame.line}:${frame.column}`);
  const lines = [error.message, ...(error.diff === undefined ? [] : [error.diff]), ...place];
  return lines.filter((line) => line !== undefined && line !== '').join('\n');
}
