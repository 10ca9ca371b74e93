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

resource "azurerm_role_definition" "sweeper" {
  name              = "Curfew sweeper"
  scope             = var.scope
  description       = "Deletes role assignments of grants that are over; can make none."
  assignable_scopes = [var.scope]
  permissions {
    actions = [
      "Microsoft.Authorization/roleAssignments/delete",
      "Microsoft.Authorization/roleAssignments/read",
    ]
  }
}

resource "azurerm_role_assignment" "sweeper" {
  scope              = var.scope
  principal_id       = var.principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = azurerm_role_definition.sweeper.role_definition_resource_id
  description        = "Ends what is overdue while Curfew is gone."
  condition_version  = "2.0"
  condition          = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.roles}}))"
}
