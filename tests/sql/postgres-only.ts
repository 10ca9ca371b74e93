import type { TestProject } from 'vitest/node';
import { prepare } from './templates.ts';

/** Vitest's global setup where tests run in threads: the embedded database is WebAssembly, which crashes Node when a thread ends. */
export const setup = (project: TestProject): Promise<() => Promise<void>> => prepare(project, ['postgres']);
