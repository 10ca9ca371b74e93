import { timedHarness } from './aws-timed-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('aws timed-policy', timedHarness);
