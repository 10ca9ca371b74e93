import { READER, rbacHarness } from './azure-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('azure rbac', () => rbacHarness(READER));
