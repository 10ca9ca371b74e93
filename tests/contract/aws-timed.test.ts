import { timedHarness } from './aws-timed-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('aws timed-policy', timedHarness);
