import { awsHarness } from './aws-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('aws assume-role', awsHarness);
