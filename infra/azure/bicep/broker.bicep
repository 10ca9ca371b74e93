// Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

targetScope = 'subscription'

@description('Object id of the service principal of the identity (an output of the identity module).')
param principalId string

@description('GUIDs of the roles that the catalogue gives by method: rbac. curfew doctor names those that are missing.')
@minLength(1)
param roleDefinitions string[]

var roles = join(map(union(roleDefinitions, []), id => toLower(id)), ', ')

resource broker 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, 'broker')
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'f58310d9-a9f6-439a-9e8d-f62e7b41a168')
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: 'Curfew assigns the roles of its catalogue to people, and takes them away.'
    conditionVersion: '2.0'
    condition: '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/write\'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles}} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'User\'})) AND ((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/delete\'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles}}))'
  }
}
