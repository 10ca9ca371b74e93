import { centerHarness } from './aws-center-harness.ts';
import { faultContract } from './provider-contract.ts';

// No schedule fires while the suite runs: those of earlier tests would begin removals of their own, with which AWS lets nobody else's begin.
const NEVER = [86_400_000, 86_400_000] as const;
faultContract('aws identity-center', () => centerHarness({ fireDelayMs: NEVER }));
