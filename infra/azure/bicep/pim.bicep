// Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

targetScope = 'subscription'

// Whoever has this identity can give anybody anything here: no condition can limit what may be asked of PIM.
@description('Object id of the service principal of the identity (an output of the identity module).')
param principalId string

resource pim 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, 'pim')
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9')
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Curfew asks Privileged Identity Management for active assignments.'
  }
}
