// Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

targetScope = 'resourceGroup'

@description('Name of the identity.')
param name string

@description('Issuer of the platform\'s tokens: of an AKS cluster, its OIDC issuer URL.')
param issuer string

@description('Subject of the token: system:serviceaccount:NAMESPACE:NAME.')
param subject string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: resourceGroup().location
}

resource platform 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: identity
  name: 'curfew'
  properties: {
    issuer: issuer
    subject: subject
    audiences: ['api://AzureADTokenExchange']
  }
}

output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
