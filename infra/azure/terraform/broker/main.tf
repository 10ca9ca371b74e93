# Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
    }
  }
}

variable "scope" {
  type        = string
  description = "Where it holds: /subscriptions/ID, or /providers/Microsoft.Management/managementGroups/NAME."
}

variable "principal_id" {
  type        = string
  description = "Object id of the service principal of the identity (an output of the identity module)."
}

variable "role_definitions" {
  type        = list(string)
  description = "GUIDs of the roles that the catalogue gives by method: rbac. curfew doctor names those that are missing."
  validation {
    condition     = length(var.role_definitions) > 0
    error_message = "Name at least one role."
  }
}

locals {
  roles = join(", ", sort(distinct([for id in var.role_definitions : lower(id)])))
}

data "azurerm_role_definition" "this" {
  role_definition_id = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
  scope              = var.scope
}

resource "azurerm_role_assignment" "broker" {
  scope              = var.scope
  principal_id       = var.principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = data.azurerm_role_definition.this.id
  description        = "Curfew assigns the roles of its catalogue to people, and takes them away."
  condition_version  = "2.0"
  condition          = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.roles}} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'})) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.roles}}))"
}
