import { anywhereHarness } from './aws-anywhere-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('aws roles-anywhere', anywhereHarness);
