import { anywhereHarness } from './aws-anywhere-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('aws roles-anywhere', anywhereHarness);
