/**
 * Azure's own roles by the names that people write, so that a role document needs no GUID. From Microsoft's list of built-in roles
 * (MicrosoftDocs/azure-docs, articles/role-based-access-control/built-in-roles.md, as of April 2026). Those that only services of Azure's or
 * their set-up need are left out; whoever needs one writes its GUID.
 */

/** What Curfew knows of one of Azure's roles. */
export interface AzureBuiltInRole {
  readonly name: string;
  /** Its GUID, the same in every tenant. */
  readonly id: string;
  /** It can assign roles or change what roles allow: only a role of tier 0 gives it. */
  readonly changesAccess: boolean;
  /**
   * Its data actions on blobs and queues, where it has no other data actions: Azure can end these by itself, by a condition. Empty: no time can
   * stand in an assignment of it.
   */
  readonly timedActions: readonly string[];
  /** Beside those it can only read: an assignment with a condition has nothing left in it after its end that changes anything. */
  readonly readsOtherwise: boolean;
}

/** A role of Azure's by its GUID; `null`: a role of the company's own, or one that is not in this table. */
export function azureRoleById(id: string): AzureBuiltInRole | null {
  return BY_ID.get(id.toLowerCase()) ?? null;
}

/** A role of Azure's by its name, however it is capitalised. */
export function azureRoleByName(name: string): AzureBuiltInRole | null {
  return BY_NAME.get(name.toLowerCase()) ?? null;
}

/** All names, for whoever mistyped one. */
export function azureRoleNames(): readonly string[] {
  return [...BY_NAME.values()].map(({ name }) => name);
}

/** Roles that assign roles or change them, some of them within a condition of Azure's. */
const CHANGE_ACCESS: Readonly<Record<string, string>> = {
  'Azure Container Storage Contributor': '95dd08a6-00bd-4661-84bf-f6726f83a4d0',
  'Azure Container Storage Owner': '95de85bd-744d-4664-9dde-11430bc34793',
  'Azure File Sync Administrator': '92b92042-07d9-4307-87f7-36a593fc5850',
  'Azure Migrate Execute Expert': '1cfa4eac-9a23-481c-a793-bfb6958e836b',
  'Azure Migrate Owner': 'fd8ea4d5-6509-4db0-bada-356ab233b4fa',
  'Azure Stack HCI Administrator': 'bda0d508-adf1-4af0-9c28-88919fc3ae06',
  'DevCenter Owner': '4c6569b6-f23e-4295-9b90-bd4cc4ff3292',
  'Foundry Account Owner': 'e47c6f54-e4a2-4754-9501-8e0985b135e1',
  'Foundry Project Manager': 'eadc314b-1a2d-4efa-be10-5d325db5065e',
  'Key Vault Data Access Administrator': '8b54135c-b56d-4d72-a534-26097cfdc8d8',
  Owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  'Reservations Administrator': 'a8889054-8d42-49c9-bc1c-52486c10e7cd',
  'Role Based Access Control Administrator': 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
  'Service Group Administrator': '4e50c84c-c78e-4e37-b47e-e60ffea0a775',
  'Service Group Contributor': '32e6a4ec-6095-4e37-b54b-12aa350ba81f',
  'Storage Actions Task Assignment Contributor': '77789c21-1643-48a2-8f27-47f858540b51',
  'User Access Administrator': '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
  'Virtual Machine Data Access Administrator (preview)': '66f75aeb-eabe-4b70-9f1e-c350c4c9ad04',
};

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const MESSAGES = 'Microsoft.Storage/storageAccounts/queueServices/queues/messages';

/**
 * Roles all of whose data actions are of blobs or of queues (built-in-roles/storage.md). Whoever reads blobs may also ask for a user delegation
 * key: what is signed with it may do what its signer may when it is used, so it ends with the condition too.
 */
const TIMED: Readonly<Record<string, Pick<AzureBuiltInRole, 'id' | 'timedActions' | 'readsOtherwise'>>> = {
  'Storage Blob Data Contributor': {
    id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
    timedActions: ['add/action', 'delete', 'move/action', 'read', 'write'].map((action) => `${BLOBS}/${action}`),
    readsOtherwise: false,
  },
  'Storage Blob Data Owner': {
    id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    timedActions: [`${BLOBS}/*`],
    readsOtherwise: false,
  },
  'Storage Blob Data Reader': {
    id: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
    timedActions: [`${BLOBS}/read`],
    readsOtherwise: true,
  },
  'Storage Queue Data Contributor': {
    id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    timedActions: ['delete', 'process/action', 'read', 'write'].map((action) => `${MESSAGES}/${action}`),
    readsOtherwise: false,
  },
  'Storage Queue Data Message Processor': {
    id: '8a0f0c08-91a1-4084-bc3d-661d67233fed',
    timedActions: ['process/action', 'read'].map((action) => `${MESSAGES}/${action}`),
    readsOtherwise: true,
  },
  'Storage Queue Data Message Sender': {
    id: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a',
    timedActions: [`${MESSAGES}/add/action`],
    readsOtherwise: true,
  },
  'Storage Queue Data Reader': {
    id: '19e7f393-937e-4f77-808e-94535e297925',
    timedActions: [`${MESSAGES}/read`],
    readsOtherwise: true,
  },
};

/** The others. */
const PLAIN: Readonly<Record<string, string>> = {
  AcrDelete: 'c2f4ef07-c644-48eb-af81-4b1b4947fb11',
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  AcrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
  'App Compliance Automation Reader': 'ffc6bbe0-e443-4c3b-bf54-26581bb2f78e',
  'Application Insights Component Contributor': 'ae349356-3a1b-4a5e-921d-050484c6347e',
  'Application Insights Snapshot Debugger': '08954f03-6346-4c2e-81c0-ec3a5cfae23b',
  'Automation Contributor': 'f353d9bd-d4a6-484e-a77a-8050b599b867',
  'Automation Job Operator': '4fe576fe-1146-4730-92eb-48519fa6bf9f',
  'Automation Operator': 'd3881f73-407a-4167-8283-e981cbba0404',
  'Automation Runbook Operator': '5fb5aef8-1081-4b8e-bb16-9d5d0385bab5',
  'Azure AI Administrator': 'b78c5d69-af96-48a3-bf8d-a8b4d589de94',
  'Azure AI Developer': '64702f94-c441-49e6-a78b-ef80e0188fee',
  'Azure Batch Account Contributor': '29fe4964-1e60-436b-bd3a-77fd4c178b3c',
  'Azure Batch Account Reader': '11076f67-66f6-4be0-8f6b-f0609fd05cc9',
  'Azure Batch Data Contributor': '6aaa78f1-f7de-44ca-8722-c64a23943cae',
  'Azure Batch Job Submitter': '48e5e92e-a480-4e71-aa9c-2778f4c13781',
  'Azure Connected Machine Resource Administrator': 'cd570a14-e51a-42ad-bac8-bafd67325302',
  'Azure Event Hubs Data Owner': 'f526a384-b230-433a-b45c-95f59c4a2dec',
  'Azure Event Hubs Data Receiver': 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
  'Azure Event Hubs Data Sender': '2b629674-e913-4c01-ae53-ef4638d8f975',
  'Azure Kubernetes Service Cluster Admin Role': '0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8',
  'Azure Kubernetes Service Cluster Monitoring User': '1afdec4b-e479-420e-99e7-f82237c7c5e6',
  'Azure Kubernetes Service Cluster User Role': '4abbcc35-e782-43d8-92c5-2d3f1bd2253f',
  'Azure Kubernetes Service Contributor Role': 'ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8',
  'Azure Kubernetes Service Namespace Contributor': '289d8817-ee69-43f1-a0af-43a45505b488',
  'Azure Kubernetes Service Namespace User': 'c9f76ca8-b262-4b10-8ed2-09cf0948aa35',
  'Azure Kubernetes Service RBAC Admin': '3498e952-d568-435e-9b2c-8d77e338d7f7',
  'Azure Kubernetes Service RBAC Cluster Admin': 'b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b',
  'Azure Kubernetes Service RBAC Reader': '7f6c6a51-bcf8-42ba-9220-52d62157d7db',
  'Azure Kubernetes Service RBAC Writer': 'a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb',
  'Azure Maps Data Contributor': '8f5e0ce6-4f7b-4dcf-bddf-e6f48634a204',
  'Azure Maps Data Reader': '423170ca-a8f6-4b0f-8487-9e4eb8f49bfa',
  'Backup Contributor': '5e467623-bb1f-42f4-a55d-6e525e11384b',
  'Backup MUA Operator': 'f54b6d04-23c6-443e-b462-9c16ab7b4a52',
  'Backup Operator': '00c29273-979b-4161-815c-10b084fb9324',
  'Backup Reader': 'a795c7a0-d4a2-40c1-ae25-d81f01202912',
  'Billing Reader': 'fa23ad8b-c56e-40d8-ac0c-ce449e1d2c64',
  'CDN Endpoint Contributor': '426e0c7f-0c7e-4658-b36f-ff54d6c29b45',
  'CDN Endpoint Reader': '871e35f6-b5c1-49cc-a043-bde969a0f2cd',
  'CDN Profile Contributor': 'ec156ff8-a8d1-4d15-830c-5b80698ca432',
  'CDN Profile Reader': '8f96442b-4075-438f-813d-ad51ab4019af',
  'Chaos Studio Experiment Contributor': '7c2e40b7-25eb-482a-82cb-78ba06cb46d5',
  'Chaos Studio Operator': '1a40e87e-6645-48e0-b27a-0b115d849a20',
  'Chaos Studio Reader': '29e2da8a-229c-4157-8ae8-cc72fc506b74',
  'Container Apps Contributor': '358470bc-b998-42bd-ab17-a7e34c199c0f',
  'Container Apps Jobs Operator': 'b9a307c4-5aa3-4b52-ba60-2b17c136cd7b',
  'Container Apps Operator': 'f3bd1b5c-91fa-40e7-afe7-0c11d331232c',
  'Container Registry Repository Contributor': '2efddaa5-3f1f-4df3-97df-af3f13818f4c',
  'Container Registry Repository Reader': 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
  'Container Registry Repository Writer': '2a1e307c-b015-4ebd-883e-5b7698a07328',
  Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  'Cosmos DB Account Reader Role': 'fbdf93bf-df7d-467e-a4d2-9458aa1360c8',
  'Cosmos DB Operator': '230815da-be43-4aae-9cb4-875f7bd000aa',
  CosmosRestoreOperator: '5432c526-bc82-444a-b7ba-57c5b0b5b34f',
  'Cost Management Contributor': '434105ed-43f6-45c7-a02f-909b2ba83430',
  'Cost Management Reader': '72fafb9e-0641-4937-9268-a91bfd8191a3',
  'DNS Zone Contributor': 'befefa01-2a29-4197-83a8-272ff33ce314',
  'Data Factory Contributor': '673868aa-7521-48a0-acc6-0f60742d39f5',
  'Data Operator for Managed Disks': '959f8984-c045-4866-89c7-12bf9737be2e',
  'Data Purger': '150f5e0c-0603-4f03-8c7f-cf70034c4e90',
  'Desktop Virtualization Contributor': '082f0a83-3be5-4ba1-904c-961cca79b387',
  'Desktop Virtualization Reader': '49a72310-ab8d-41df-bbb0-79b649203868',
  'Desktop Virtualization User': '1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63',
  'DocumentDB Account Contributor': '5bd9cd88-fe45-4216-938b-f97437e15450',
  'Domain Services Contributor': 'eeaeda52-9324-47f6-8069-5d5bade478b2',
  'Domain Services Reader': '361898ef-9ed1-48c2-849c-a832951106bb',
  'Grafana Admin': '22926164-76b3-42b3-bc55-97df8dab3e41',
  'Grafana Editor': 'a79a5197-3a5c-4973-a920-486035ffd60f',
  'Grafana Viewer': '60921a7e-fef1-4a43-9b16-a26c52ad4769',
  'HDInsight Cluster Operator': '61ed4efc-fab3-44fd-b111-e24485cc132a',
  'Key Vault Administrator': '00482a5a-887f-4fb3-b363-3b7fe8e74483',
  'Key Vault Certificate User': 'db79e9a7-68ee-4b58-9aeb-b90e7c24fcba',
  'Key Vault Certificates Officer': 'a4417e6f-fecd-4de8-b567-7b0420556985',
  'Key Vault Contributor': 'f25e0fa2-a7c8-4377-a976-54943a77a395',
  'Key Vault Crypto Officer': '14b46e9e-c2b7-41b4-b07b-48a6ebf60603',
  'Key Vault Crypto User': '12338af0-0e69-4776-bea7-57ae8d297424',
  'Key Vault Reader': '21090545-7ca7-4776-b22c-e363652d74d2',
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  'Load Test Contributor': '749a398d-560b-491b-bb21-08924219302e',
  'Load Test Owner': '45bb0b16-2f0c-4e78-afaa-a07599b003f6',
  'Load Test Reader': '3ae3fb29-0000-4ccd-bf80-542e7b26e081',
  'Locks Contributor': '28bf596f-4eb7-45ce-b5bc-6cf482fec137',
  'Log Analytics Contributor': '92aaf0da-9dab-42b6-94a3-d43ce8d16293',
  'Log Analytics Data Reader': '3b03c2da-16b3-4a49-8834-0f8130efdd3b',
  'Log Analytics Reader': '73c42c96-874c-492b-b04d-ab87d138a893',
  'Logic App Contributor': '87a39d53-fc1b-424a-814c-f7e04687dc9e',
  'Logic App Operator': '515c2055-d9d4-4321-b1b9-bd0c9a0f79fe',
  'Managed Identity Contributor': 'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
  'Managed Identity Operator': 'f1a07417-d97a-45cb-824c-7a7467783830',
  'Management Group Contributor': '5d58bcaf-24a5-4b20-bdb6-eed9f69fbe4c',
  'Management Group Reader': 'ac63b705-f282-497d-ac71-919bf39d939d',
  'Microsoft Sentinel Contributor': 'ab8e14d6-4a74-4a29-9ba8-549422addade',
  'Microsoft Sentinel Reader': '8d289c81-5878-46d4-8554-54e1e3d8b5cb',
  'Microsoft Sentinel Responder': '3e150937-b8fe-4cfb-8069-0eaf05ecd056',
  'Monitoring Contributor': '749f88d5-cbae-40b8-bcfc-e573ddc772fa',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Monitoring Reader': '43d0d8ad-25c7-4714-9337-8ba259a9fe05',
  'Network Contributor': '4d97b98b-1d4f-4787-a291-c67834d212e7',
  'Private DNS Zone Contributor': 'b12aa53e-6015-4669-85d0-8515ebb3ae7f',
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  'Reader and Data Access': 'c12c1c16-33a1-487b-954d-41c89c60f349',
  'Redis Cache Contributor': 'e0f68234-74aa-48ed-b826-c38b57376e17',
  'Reservation Purchaser': 'f7b75c60-3036-4b75-91c3-6b41c27c1689',
  'Reservations Reader': '582fc458-8989-419f-a480-75249bc5db7e',
  'Resource Policy Contributor': '36243c78-bf99-498c-9df9-86d9f8d28608',
  'SQL DB Contributor': '9b7fa17d-e63e-47b0-bb0a-15c516ac86ec',
  'SQL Managed Instance Contributor': '4939a1f6-9ae0-4e48-a1e0-f2cbe897382d',
  'SQL Security Manager': '056cd41c-7e88-42e1-933e-88ba6a50c9c3',
  'SQL Server Contributor': '6d8ee4ec-f05a-4a1d-8b00-a9b17e38b437',
  'Scheduled Patching Contributor': 'cd08ab90-6b14-449c-ad9a-8f8e549482c6',
  'Security Admin': 'fb1c8493-542b-48eb-b624-b4c8fea62acd',
  'Security Reader': '39bc4728-0917-49c7-9d2c-d95423bc2eb4',
  'Service Fabric Cluster Contributor': 'b6efc156-f0da-4e90-a50a-8c000140b017',
  'Service Group Reader': 'de754d53-652d-4c75-a67f-1e48d8b49c97',
  'Service Health Security Reader': '1a928ab0-1fee-43cf-9266-f9d8c22a8ddb',
  'Site Recovery Contributor': '6670b86e-a3f7-4917-ac9b-5d6ab1be4567',
  'Site Recovery Operator': '494ae006-db33-4328-bf46-533a6560a3ca',
  'Site Recovery Reader': 'dbaa88c4-0c30-4179-9fb3-46319faa6149',
  'Storage Account Backup Contributor': 'e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1',
  'Storage Account Contributor': '17d1049b-9a84-46fb-8f53-869881c3d3ab',
  'Storage Account Key Operator Service Role': '81a9662b-bebf-436f-a333-f67b29880f12',
  'Storage Blob Delegator': 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a',
  'Storage File Data Privileged Contributor': '69566ab7-960f-475b-8e7c-b3118f30c6bd',
  'Storage File Data Privileged Reader': 'b8eda974-7b85-4f76-af95-65846b26df6d',
  'Storage File Data SMB Share Contributor': '0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb',
  'Storage File Data SMB Share Elevated Contributor': 'a7264617-510b-434b-a828-9731dc254ea7',
  'Storage File Data SMB Share Reader': 'aba4ae5f-2193-4029-9191-0cb91df5e314',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  'Storage Table Data Reader': '76199698-9eea-4c19-bc75-cec21354c6b6',
  'Support Request Contributor': 'cfd33db0-3dd1-45e3-aa9d-cdbdf3b6f24e',
  'Tag Contributor': '4a9ae827-6dc8-4573-8ac7-8239d42aa03f',
  'Template Spec Contributor': '1c9b6475-caf0-4164-b5a1-2142a7116f4b',
  'Template Spec Reader': '392ae280-861d-42bd-9ea5-08ee6d83b80e',
  'Traffic Manager Contributor': 'a4b10055-b0c7-44c2-b00f-c7b5b3550cf7',
  'Virtual Machine Administrator Login': '1c0163c0-47e6-4577-8991-ea5c82e286e4',
  'Virtual Machine Contributor': '9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
  'Virtual Machine User Login': 'fb879df8-f326-4884-b1cf-06f3ad86be52',
  'Web Plan Contributor': '2cc479cb-7b4d-49a8-b449-8c00fd0f0a4b',
  'Website Contributor': 'de139f84-1756-47ae-9be6-808fbbe84772',
};

const ALL: readonly AzureBuiltInRole[] = [
  ...Object.entries(CHANGE_ACCESS).map(([name, id]) => plain(name, id, true)),
  ...Object.entries(TIMED).map(([name, timed]) => ({ name, changesAccess: false, ...timed })),
  ...Object.entries(PLAIN).map(([name, id]) => plain(name, id, false)),
];

const BY_ID: ReadonlyMap<string, AzureBuiltInRole> = new Map(ALL.map((role) => [role.id, role]));
const BY_NAME: ReadonlyMap<string, AzureBuiltInRole> = new Map(ALL.map((role) => [role.name.toLowerCase(), role]));

function plain(name: string, id: string, changesAccess: boolean): AzureBuiltInRole {
  return { name, id, changesAccess, timedActions: [], readsOtherwise: false };
}
