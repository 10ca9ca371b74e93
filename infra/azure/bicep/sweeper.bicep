// Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

targetScope = 'subscription'

@description('Object id of the service principal of the identity (an output of the identity module).')
param principalId string

@description('GUIDs of the roles that the catalogue gives by method: rbac. curfew doctor names those that are missing.')
@minLength(1)
param roleDefinitions string[]

var roles = join(map(union(roleDefinitions, []), id => toLower(id)), ', ')

resource sweeperRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'curfew-sweeper')
  properties: {
    roleName: 'Curfew sweeper (${subscription().displayName})'
    description: 'Deletes role assignments of grants that are over; can make none.'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.Authorization/roleAssignments/delete'
          'Microsoft.Authorization/roleAssignments/read'
        ]
      }
    ]
  }
}

resource sweeper 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, 'sweeper')
  properties: {
    roleDefinitionId: sweeperRole.id
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Ends what is overdue while Curfew is gone.'
    conditionVersion: '2.0'
    condition: '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/delete\'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles}}))'
  }
}
