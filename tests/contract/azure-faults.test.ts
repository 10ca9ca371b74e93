import { READER, rbacHarness } from './azure-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('azure rbac', () => rbacHarness(READER));
