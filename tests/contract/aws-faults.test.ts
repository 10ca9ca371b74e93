import { awsHarness } from './aws-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('aws assume-role', awsHarness);
